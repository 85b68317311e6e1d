"""config/examples/internet.yaml and the files beside it, as an operator would put them in place."""

import os
import pathlib
import queue
import re
import shutil
import subprocess
import tempfile
import unittest

import paho.mqtt.client as paho

from harness import Broker, godwitd, sanitizer_environment
from tls_world import Authority

EXAMPLES = pathlib.Path(os.environ["GODWIT_SOURCE"]) / "config/examples"
CTL = str(pathlib.Path(godwitd()).with_name("godwitctl"))
TIMEOUT_S = 60


class Person:
    """A paho client that has got its CONNACK."""

    def __init__(self, port, name, secret, authority=None, origin=None):
        self.messages, self.events = queue.Queue(), queue.Queue()
        transport = "tcp" if origin is None else "websockets"
        self.client = paho.Client(client_id=name + "-client", transport=transport)
        if secret is not None:
            self.client.username_pw_set(name, secret)
        if authority is not None:
            self.client.tls_set(ca_certs=authority.path("ca.pem"))
        if origin is not None:
            self.client.ws_set_options(path="/mqtt", headers=lambda own: {**own, "Origin": origin})
        self.client.on_connect = lambda c, u, f, code: self.events.put(code)
        self.client.on_subscribe = lambda c, u, i, granted: self.events.put(granted[0])
        self.client.on_message = lambda c, u, m: self.messages.put((m.topic, m.payload))
        self.client.connect("localhost", port)
        self.client.loop_start()
        self.code = self.events.get(timeout=TIMEOUT_S)

    def subscribe(self, topic, qos=1):
        self.client.subscribe(topic, qos)
        return self.events.get(timeout=TIMEOUT_S)

    def publish(self, topic, payload):
        self.client.publish(topic, payload, 1).wait_for_publish(TIMEOUT_S)

    def next(self):
        return self.messages.get(timeout=TIMEOUT_S)

    def close(self):
        self.client.disconnect()
        self.client.loop_stop()


class ExampleBroker(Broker):
    """godwitd with the example, whose paths and ports are of this test."""

    def __init__(self, place):
        super().__init__()
        text = (EXAMPLES / "internet.yaml").read_text().replace("/etc/godwit", str(place))
        text = re.sub(r"port: (8883|8084|1883)", "port: 0", text).replace("port: 9883", "port: 0")
        self.config_path.write_text(text + f"store: {{directory: {self.directory.name}/store}}\n")


class Internet(unittest.TestCase):
    def setUp(self):
        directory = tempfile.TemporaryDirectory(prefix="godwit-internet-")
        self.addCleanup(directory.cleanup)
        self.place = pathlib.Path(directory.name)
        self.authority = Authority("mqtt.example.com")
        self.addCleanup(self.authority.close)
        (self.place / "tls").mkdir()
        for name in ("server.pem", "server.key"):
            shutil.copy(self.authority.path(name), self.place / "tls")
        shutil.copy(EXAMPLES / "internet/rules.yaml", self.place)
        self.token = self.ctl("token", "pump-1").strip()
        self.ctl("passwd", "ann", typed="correct horse\n")

    def ctl(self, task, user, typed=None):
        return subprocess.run([CTL, task, "--file", self.place / "users", user], check=True,
                              capture_output=True, text=True, timeout=TIMEOUT_S, input=typed,
                              env=sanitizer_environment()).stdout

    def test_devices_and_people_meet(self):
        with ExampleBroker(self.place) as broker:
            devices, browsers, machine = broker.ports()
            pump = Person(devices, "pump-1", self.token, self.authority)
            ann = Person(browsers, "ann", "correct horse", self.authority,
                         "https://app.example.com")
            self.assertEqual((pump.code, ann.code), (0, 0))
            self.assertEqual(ann.subscribe("devices/#"), 1)
            self.assertEqual(pump.subscribe("devices/pump-1/down/#"), 1)
            self.assertEqual(pump.subscribe("news/#", 2), 1)
            self.assertEqual(pump.subscribe("devices/pump-2/down/#"), 0x80)
            self.assertEqual(pump.subscribe("#"), 0x80)
            pump.publish("devices/pump-2/up/state", b"not mine")
            pump.publish("devices/pump-1/up/state", b"mine")
            self.assertEqual(ann.next(), ("devices/pump-1/up/state", b"mine"))
            ann.publish("devices/pump-1/down/set", b"on")
            self.assertEqual(pump.next(), ("devices/pump-1/down/set", b"on"))
            local = Person(machine, "pump-1", self.token)
            self.assertEqual(local.code, 0)
            for one in (pump, ann, local):
                one.close()

    def test_strangers_stay_outside(self):
        with ExampleBroker(self.place) as broker:
            devices, browsers, machine = broker.ports()
            for port, authority in ((devices, self.authority), (machine, None)):
                for secret in (None, "wrong"):
                    stranger = Person(port, "pump-1", secret, authority)
                    self.assertEqual(stranger.code, 4)
                    stranger.close()
            for authority, origin in ((self.authority, "https://evil.example"),
                                      (None, "https://app.example.com")):  # without TLS
                with self.assertRaises((OSError, paho.WebsocketConnectionError)):
                    Person(browsers, "ann", "correct horse", authority, origin)

    def test_a_secret_that_others_can_read_is_refused(self):
        for name in ("users", "tls/server.key"):
            file = self.place / name
            file.chmod(0o644)
            broker = ExampleBroker(self.place)
            self.addCleanup(broker.clean_up)
            broker.spawn()
            broker.wait(expect=2)
            self.assertIn("holds secrets and can be read by others", broker.log_text())
            file.chmod(0o600)


if __name__ == "__main__":
    unittest.main()
