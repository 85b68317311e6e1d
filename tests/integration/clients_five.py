"""One face for client libraries that speak MQTT 5, with what that version adds.

Each runs in a small program (an agent) that takes a command a line and answers with events, both
JSON. Payloads and correlation data are in hexadecimal; what is not said is left out or null.

    {"command": "connect", "port", "id", "clean", "expiry", "aliases", "receive", "packet",
     "will": {message, "delay"}}                connected {"present", "keepAlive", "receive", ...}
                                                refused {"code"}
    subscribe {"filter", "qos", "id", "noLocal", "asPublished", "handling"}
                                                subscribed {"code"}
    unsubscribe {"filter"}                      unsubscribed {"code"}
    publish {message}                           published {"code"}
    aliased {}                                  aliased {"count"}   (PUBLISH that came with one)
    leave {"code", "expiry"}                    closed
                                                message {message, "ids"}
                                                bye {"code"}        (DISCONNECT of the broker)

A message has topic, payload, qos, retain, format, expiry, type, response, correlation, and user (a
list of pairs). An agent never reconnects, and is used for one connection.
"""

import json
import os
import pathlib
import signal
import threading
import time

from clients_driver import DEADLINE_S, INSTALL, Lines, program


class Five:
    resolves_aliases = True   # of PUBLISH that come in
    checks_aliases = False    # of PUBLISH that it is to send

    def __init__(self, port):
        self.port = port
        self.events = []
        self._changed = threading.Condition()
        self._lines = Lines(self.command(), self._on_line, self._on_end)

    def command(self):
        raise NotImplementedError

    def say(self, command, **fields):
        self._lines.say(json.dumps({"command": command, "port": self.port, **fields}))

    def take(self, *kinds):
        """The first event of one of these kinds."""
        end = time.monotonic() + DEADLINE_S
        with self._changed:
            while True:
                for event in self.events:
                    if event["event"] in kinds:
                        self.events.remove(event)
                        return event
                left = end - time.monotonic()
                if left <= 0 or any(event["event"] == "ended" for event in self.events):
                    raise AssertionError(f"{type(self).__name__}: no {' or '.join(kinds)}, but "
                                         f"{self.events}")
                self._changed.wait(left)

    def connect(self, client_id, clean=True, **more):
        self.say("connect", id=client_id, clean=clean, **more)
        event = self.take("connected", "refused")
        assert event["event"] == "connected", event
        return event

    def subscribe(self, name, qos=0, **options):
        self.say("subscribe", filter=name, qos=qos, **options)
        return self.take("subscribed")["code"]

    def unsubscribe(self, name):
        self.say("unsubscribe", filter=name)
        return self.take("unsubscribed")["code"]

    def publish(self, topic, payload=b"x", qos=1, **more):
        self.say("publish", topic=topic, payload=payload.hex(), qos=qos, **more)
        return self.take("published")["code"]

    def message(self):
        got = self.take("message")
        return {**got, "payload": bytes.fromhex(got["payload"])}

    def has_message(self):
        with self._changed:
            return any(event["event"] == "message" for event in self.events)

    def leave(self, **how):
        self.say("leave", **how)
        self.take("closed")
        self.close()

    def close(self):
        """The process dies without a word."""
        self._lines.end(signal.SIGKILL)

    def _on_line(self, line):
        with self._changed:
            self.events.append(json.loads(line))
            self._changed.notify_all()

    def _on_end(self):
        with self._changed:
            self.events.append({"event": "ended"})
            self._changed.notify_all()


class MqttJsFive(Five):
    checks_aliases = True

    def command(self):
        script = pathlib.Path(os.environ.get("GODWIT_MQTTJS", "")) / "five.js"
        if not script.exists():
            raise AssertionError("MQTT.js is not installed: run the test integration_npm_ci first")
        return [program("node", "nodejs"), str(script)]

    def scram(self, client_id, user, password):
        """Logs in with SCRAM-SHA-256: "connected" with "signed", or "refused" with "code"."""
        self.say("scram", id=client_id, user=user, password=password)
        return self.take("connected", "refused")

    def renew(self, user, password):
        """Re-authentication: "renewed" with "signed", or the broker's "bye" with "code"."""
        self.say("renew", user=user, password=password)
        return self.take("renewed", "bye")


class PahoCFive(Five):
    resolves_aliases = False

    def command(self):
        path = os.environ.get("GODWIT_PAHO_C_FIVE", "")
        if not path or not os.access(path, os.X_OK):
            raise AssertionError("the Paho C program was not built: libpaho-mqtt-dev was missing "
                                 f"when the build was configured; {INSTALL}")
        return [path]


LIBRARIES = {"paho_c": PahoCFive, "mqttjs": MqttJsFive}
