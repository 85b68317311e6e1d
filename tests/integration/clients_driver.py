"""One face for four client libraries, so that a test is written once.

Paho C, Paho Python and MQTT.js each run in a small program (an agent) that takes a command a line
and answers with an event a line, fields between tabs, payloads in hexadecimal:

    connect  port id version(3|4|5) clean keep_alive will_topic will_qos will_retain will_payload
    subscribe filter qos          unsubscribe filter
    publish topic qos retain payload
    sequence topic qos count      (payloads 0, 1, 2, ...)
    disconnect

    connected session_present     refused why
    subscribed granted            unsubscribed
    published                     sequenced            (QoS 1 and 2: acknowledged)
    message topic qos retain dup payload
    disconnected                  (as asked)
    lost                          (by the other side)

An agent never reconnects. Mosquitto's client is the pair of programs it comes with.
"""

import collections
import os
import pathlib
import shutil
import signal
import subprocess
import sys
import threading
import time

DEADLINE_S = 60
HERE = pathlib.Path(__file__).resolve().parent
INSTALL = "packaging/install-build-deps.sh installs what the tests need"

Message = collections.namedtuple("Message", "topic payload qos retain dup")
Will = collections.namedtuple("Will", "topic payload qos retain")


def program(name, package):
    found = shutil.which(name)
    if not found:
        raise AssertionError(f"{name} is not installed (Debian package {package}); {INSTALL}")
    return found


def level(version):
    return {"3.1": 3, "3.1.1": 4, "5.0": 5}[version]


class Lines:
    """A process whose output is collected line by line."""

    def __init__(self, command, on_line, on_end):
        self.process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        self._on_line, self._on_end = on_line, on_end
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def say(self, line):
        self.process.stdin.write(line.encode() + b"\n")
        self.process.stdin.flush()

    def end(self, number):
        """Sends the signal, and waits for the end."""
        if self.process.poll() is None:
            self.process.send_signal(number)
        self.wait()

    def wait(self):
        self.process.wait(DEADLINE_S)
        self._reader.join(DEADLINE_S)
        self.process.stdout.close()
        try:
            self.process.stdin.close()
        except BrokenPipeError:
            pass
        return self.process.returncode

    def _read(self):
        for raw in self.process.stdout:
            self._on_line(raw.decode("utf-8", "replace").rstrip("\n"))
        self._on_end()


class Client:
    """What tests see. All calls wait until the broker has answered."""

    tells_session_present = True
    can_unsubscribe = True
    keeps_will_at_disconnect = True      # of 5.0
    versions = ("3.1", "3.1.1", "5.0")   # a session of 5.0 that is to last does so for ever

    def __init__(self, port, version):
        self.port, self.version = port, version
        self.messages = []
        self._changed = threading.Condition()

    def wait(self, ready, what):
        """Waits until ready() is true, which is looked at whenever something came in."""
        end = time.monotonic() + DEADLINE_S
        with self._changed:
            while not (got := ready()):
                left = end - time.monotonic()
                if left <= 0:
                    raise AssertionError(f"{type(self).__name__} {self.version}: no {what}; got "
                                         f"{len(self.messages)} messages: "
                                         f"{[m[:1] + m[2:] for m in self.messages[-5:]]}")
                self._changed.wait(left)
            return got

    def take(self, count):
        """The next `count` messages, in the order of their arrival."""
        self.wait(lambda: len(self.messages) >= count, f"{count} messages")
        with self._changed:
            taken, self.messages = self.messages[:count], self.messages[count:]
        return taken

    def _add(self, message):
        with self._changed:
            self.messages.append(message)
            self._changed.notify_all()


class Agent(Client):
    """A client library in its own process."""

    def __init__(self, port, version):
        super().__init__(port, version)
        self._events = collections.deque()
        self._ended = False
        self.is_lost = False
        self._lines = Lines(self.command(), self._on_line, self._on_end)

    def command(self):
        raise NotImplementedError

    def connect(self, client_id, clean=True, keep_alive=60, will=None, subscriptions=()):
        will = will or Will("", b"", 0, False)
        self._lines.say("\t".join(map(str, (
            "connect", self.port, client_id, level(self.version), int(clean), keep_alive,
            will.topic, will.qos, int(will.retain), will.payload.hex()))))
        present = self._expect("connected")[1] == "1"
        for name, qos in subscriptions:
            self.subscribe(name, qos)
        return present

    def subscribe(self, name, qos):
        self._lines.say(f"subscribe\t{name}\t{qos}")
        return int(self._expect("subscribed")[1])

    def unsubscribe(self, name):
        self._lines.say(f"unsubscribe\t{name}")
        self._expect("unsubscribed")

    def publish(self, topic, payload, qos=0, retain=False):
        self._lines.say(f"publish\t{topic}\t{qos}\t{int(retain)}\t{payload.hex()}")
        self._expect("published")

    def publish_sequence(self, topic, qos, count):
        self._lines.say(f"sequence\t{topic}\t{qos}\t{count}")
        self._expect("sequenced")

    def disconnect(self):
        self._lines.say("disconnect")
        self._expect("disconnected")

    def drop(self):
        """The process dies without a word."""
        self._lines.end(signal.SIGKILL)

    def freeze(self):
        """Nothing to do: an agent never fights for its client id."""

    def wait_until_lost(self):
        self.wait(lambda: self.is_lost, "loss of the connection")

    def close(self):
        self._lines.end(signal.SIGKILL)

    def _expect(self, kind):
        def next_event():
            if not self._events and self._ended:
                raise AssertionError(f"{type(self).__name__} ended without '{kind}'")
            return self._events
        self.wait(next_event, f"'{kind}'")
        event = self._events.popleft()
        if event[0] != kind:
            raise AssertionError(f"{type(self).__name__}: wanted '{kind}', got {event}")
        return event

    def _on_line(self, line):
        event = line.split("\t")
        if event[0] == "message":
            _, topic, qos, retain, dup, payload = event
            self._add(Message(topic, bytes.fromhex(payload), int(qos), retain == "1", dup == "1"))
            return
        with self._changed:
            if event[0] == "lost":
                self.is_lost = True
            else:
                self._events.append(event)
            self._changed.notify_all()

    def _on_end(self):
        with self._changed:
            self._ended = True
            self._changed.notify_all()


class PahoC(Agent):
    versions = ("3.1", "3.1.1")          # its agent knows no MQTT 5

    def command(self):
        path = os.environ.get("GODWIT_PAHO_C", "")
        if not path or not os.access(path, os.X_OK):
            raise AssertionError("the Paho C program was not built: libpaho-mqtt-dev was missing "
                                 f"when the build was configured; {INSTALL}")
        return [path]


class PahoPython(Agent):
    def command(self):
        return [sys.executable, "-u", str(HERE / "clients_paho.py")]


class MqttJs(Agent):
    def command(self):
        modules = os.environ.get("GODWIT_MQTTJS", "")
        script = pathlib.Path(modules) / "agent.js"
        if not modules or not script.exists():
            raise AssertionError("MQTT.js is not installed: run the test integration_npm_ci first")
        return [program("node", "nodejs"), str(script)]


class Mosquitto(Client):
    """mosquitto_sub for what comes in, a mosquitto_pub for each thing that goes out."""

    tells_session_present = False
    can_unsubscribe = False
    keeps_will_at_disconnect = False

    def __init__(self, port, version):
        super().__init__(port, version)
        self._sub = None
        self._said = []

    def connect(self, client_id, clean=True, keep_alive=60, will=None, subscriptions=()):
        self._said = []
        command = ["stdbuf", "-oL",  # into a pipe it would keep its lines until it prints a message
                   program("mosquitto_sub", "mosquitto-clients"), *self._common(), "-d",
                   "-i", client_id, "-k", str(keep_alive), "-F", "message\t%t\t%q\t%r\t%x"]
        if not clean:
            command.append("-c")
            command += ["-x", "4294967295"] if self.version == "5.0" else []
        if will:
            command += ["--will-topic", will.topic, "--will-qos", str(will.qos),
                        "--will-payload", will.payload.decode()]
            command += ["--will-retain"] if will.retain else []
        # It wants a filter; one of its own that nothing matches does no harm.
        wanted = list(subscriptions) or [(f"nothing/{client_id}", 0)]
        qos = {q for _, q in wanted}
        assert len(qos) == 1, "mosquitto_sub has one QoS for all filters"
        command += ["-q", str(qos.pop())]
        for name, _ in wanted:
            command += ["-t", name]
        self._sub = Lines(command, self._on_line, lambda: None)
        self.wait(lambda: any("Subscribed (" in line for line in self._said), "SUBACK")
        return False

    def publish(self, topic, payload, qos=0, retain=False):
        what = ["-s"] if payload else ["-n"]
        self._publish([*what, "-t", topic, "-q", str(qos), *(["-r"] if retain else [])], payload)

    def publish_sequence(self, topic, qos, count):
        lines = "".join(f"{i}\n" for i in range(count)).encode()
        try:
            self._publish(["-l", "-t", topic, "-q", str(qos)], lines)
        except subprocess.TimeoutExpired:
            # It looks for the end of its input in one thread and for the last message sent in
            # another, without a lock: now and then neither sees the other and it never leaves.
            # Whether all was sent is seen at the subscriber.
            print("mosquitto_pub -l did not end by itself", file=sys.stderr)

    def disconnect(self):
        self._sub.end(signal.SIGTERM)

    def drop(self):
        self._sub.end(signal.SIGKILL)

    def freeze(self):
        """mosquitto_sub always reconnects; stopped it cannot fight for its client id."""
        self._sub.process.send_signal(signal.SIGSTOP)

    def wait_until_lost(self):
        self.drop()

    def close(self):
        if self._sub:
            self._sub.end(signal.SIGKILL)

    def _common(self):
        name = {"3.1": "mqttv31", "3.1.1": "mqttv311", "5.0": "mqttv5"}[self.version]
        return ["-p", str(self.port), "-V", name]

    def _publish(self, arguments, data):
        command = [program("mosquitto_pub", "mosquitto-clients"), *self._common(), *arguments]
        done = subprocess.run(command, input=data, timeout=DEADLINE_S, check=False,
                              stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
        if done.returncode != 0 or done.stderr:
            raise AssertionError(f"{command}: {done.returncode} {done.stderr.decode()}")

    def _on_line(self, line):
        if line.startswith("message\t"):
            _, topic, qos, retain, payload = line.split("\t")
            self._add(Message(topic, bytes.fromhex(payload), int(qos), retain == "1", False))
            return
        with self._changed:
            self._said.append(line)
            self._changed.notify_all()


LIBRARIES = {"mosquitto": Mosquitto, "paho_c": PahoC, "paho_python": PahoPython, "mqttjs": MqttJs}
