"""SIGHUP on a godwitd with TLS, logins and rights at once: all of it changes, or nothing."""

import pathlib
import shutil
import signal
import socket
import ssl
import subprocess
import tempfile
import unittest

from harness import Broker, godwitd, loopback_listener, sanitizer_environment
from raw_client import packet, read_exactly, text
from tls_world import Authority, client_context

CTL = str(pathlib.Path(godwitd()).with_name("godwitctl"))
RULES = "rules:\n  - allow: all\n    topic: %s/#\n"


class Client:
    """Logs in over TLS; `code` is the CONNACK's."""

    def __init__(self, port, context, name, token):
        plain = socket.create_connection(("127.0.0.1", port), timeout=60)
        self.socket = context.wrap_socket(plain, server_hostname="localhost")
        self.socket.sendall(packet(0x10, text("MQTT") + b"\4\xc2\0\0" + text(name) + text("pump")
                                   + text(token)))
        self.code = self.read(4)[3]

    def read(self, count):
        return read_exactly(self.socket, count)

    def subscribe(self, topic):
        self.socket.sendall(packet(0x82, b"\0\1" + text(topic) + b"\0"))
        return self.read(5)[4]

    def echo(self, topic, payload=b"still here"):
        """Publishes to itself."""
        message = packet(0x30, text(topic) + payload)
        self.socket.sendall(message)
        assert self.read(len(message)) == message

    def close(self):
        self.socket.close()


class Reload(unittest.TestCase):
    def setUp(self):
        directory = tempfile.TemporaryDirectory(prefix="godwit-reload-")
        self.addCleanup(directory.cleanup)
        place = pathlib.Path(directory.name)
        self.users, self.rules = place / "users", place / "rules.yaml"
        self.token = subprocess.run([CTL, "token", "--file", self.users, "pump"], check=True,
                                    capture_output=True, text=True, timeout=60,
                                    env=sanitizer_environment()).stdout.strip()
        self.rules.write_text(RULES % "old")
        self.authority, self.next = Authority(), Authority()
        for authority in (self.authority, self.next):
            self.addCleanup(authority.close)
        self.certificate = pathlib.Path(self.authority.path("server.pem"))

    def config(self, **more):
        return {"shards": 2, "authentication": {"password_file": str(self.users)},
                "authorization": {"rule_file": str(self.rules)},
                "listeners": [loopback_listener(name="tls", tls=self.authority.tls())], **more}

    def rights(self, port, context):
        """Which of two branches the client may read with the rules in force."""
        client = Client(port, context, "asks", self.token)
        self.assertEqual(client.code, 0)
        out = [name for name in ("old", "new") if client.subscribe(name + "/#") == 0]
        client.close()
        return out

    def test_one_mistake_keeps_everything_as_it_was(self):
        old, new = client_context(self.authority), client_context(self.next)
        with Broker(config=self.config()) as broker:
            right = self.users.read_text()
            self.rules.write_text(RULES % "new")
            for end in (".pem", ".key"):
                shutil.copy(self.next.path("server" + end), self.authority.path("server" + end))
            self.users.write_text(right + "half an entry\n")
            broker.signal(signal.SIGHUP)
            broker.wait_for("reload.mistake", file=str(self.users), line=2)
            self.assertEqual(self.rights(broker.port, old), ["old"])
            with self.assertRaises(ssl.SSLCertVerificationError):
                Client(broker.port, new, "early", self.token)
            # The same files without the mistake.
            self.users.write_text(right)
            broker.signal(signal.SIGHUP)
            broker.wait_for("reload.done", tls_listeners=1)
            self.assertEqual(self.rights(broker.port, new), ["new"])
            with self.assertRaises(ssl.SSLCertVerificationError):
                Client(broker.port, old, "late", self.token)

    def test_a_key_that_others_can_read_is_a_mistake(self):
        key = pathlib.Path(self.authority.path("server.key"))
        with Broker(config=self.config()) as broker:
            key.chmod(0o644)
            broker.signal(signal.SIGHUP)
            self.assertIn("can be read by others", broker.wait_for("reload.mistake"))
            key.chmod(0o600)
            broker.signal(signal.SIGHUP)
            broker.wait_for("reload.done")
            self.assertEqual(self.rights(broker.port, client_context(self.authority)), ["old"])

    def test_reloads_under_load_lose_nobody(self):
        """120 of them; every third one is wrong, each time in another file."""
        context = client_context(self.authority)
        self.rules.write_text("rules:\n  - allow: all\n    topic: t/#\n")
        with Broker(config=self.config()) as broker:
            files = [self.users, self.rules, self.certificate, pathlib.Path(broker.config_path)]
            clients = [Client(broker.port, context, f"c{i}", self.token) for i in range(12)]
            for i, client in enumerate(clients):
                self.assertEqual((client.code, client.subscribe(f"t/{i}")), (0, 0))
            done = {"reload.done": 0, "reload.mistake": 0}
            for number in range(120):
                file = files[number // 3 % len(files)]
                right = file.read_text()
                event = "reload.mistake" if number % 3 == 2 else "reload.done"
                if event == "reload.mistake":
                    file.write_text("nonsense: [\n")
                broker.signal(signal.SIGHUP)
                for i in range(number % 3, len(clients), 3):
                    clients[i].echo(f"t/{i}")
                done[event] += 1
                broker.wait_for(event, count=done[event])
                file.write_text(right)
                if number % 10 == 0:
                    new = Client(broker.port, context, "new", self.token)
                    self.assertEqual(new.code, 0)
                    new.close()
            broker.wait_for("client.disconnected", count=12, client="new")
            self.assertEqual(len(broker.lines("client.disconnected")), 12, "nobody else")
            for i, client in enumerate(clients):
                client.echo(f"t/{i}")
                client.close()


if __name__ == "__main__":
    unittest.main()
