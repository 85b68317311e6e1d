"""SCRAM-SHA-256 in a real godwitd: entries, logins, renewal, reload; MQTT.js, and a client by hand.
"""

import pathlib
import signal
import tempfile
import unittest

from clients_five import MqttJsFive
from harness import Broker, loopback_listener
from scram_client import ScramClient
from security_test import Client, ctl

PASSWORD = "canary Scram,4712="


class Scram(unittest.TestCase):
    def setUp(self):
        directory = tempfile.TemporaryDirectory(prefix="godwit-scram-")
        self.addCleanup(directory.cleanup)
        self.users = pathlib.Path(directory.name) / "users"
        for user in ("ann", "bob"):
            ctl("passwd", "--file", self.users, "--scram", user, typed=PASSWORD + "\n")
        ctl("passwd", "--file", self.users, "plain", typed=PASSWORD + "\n")

    def config(self, **more):
        return {"authentication": {"password_file": str(self.users)}, "shards": 3, **more}

    def test_entries_are_made_by_godwitctl(self):
        self.assertRegex(self.users.read_text().splitlines()[0],
                         r"^ann:\$scram-sha-256\$20000\$[A-Za-z0-9+/]{22}==\$"
                         r"[A-Za-z0-9+/]{43}=\$[A-Za-z0-9+/]{43}=$")
        lines = self.users.read_text().splitlines()
        self.assertNotEqual(lines[0].split("$")[3], lines[1].split("$")[3], "the same salt")
        self.assertIn("ASCII", ctl("passwd", "--file", self.users, "--scram", "ann",
                                   typed="w\u00e4\n", expect=1).stderr)
        ctl("passwd", "--file", self.users, "--scram", "--delete", "ann", expect=2)
        ctl("token", "--file", self.users, "--scram", "ann", expect=2)

    def test_who_may_come_in(self):
        with Broker(config=self.config()) as broker:
            for i in range(6):  # on the shard that accepts it, and on others
                client = ScramClient(broker.port, f"c{i}", "ann", PASSWORD)
                self.assertEqual(client.code, 0)
                client.ping()
                client.close()
            self.assertEqual(code_of(broker, "ann", "wrong"), 0x87)
            self.assertEqual(code_of(broker, "nobody", PASSWORD), 0x87)
            self.assertEqual(code_of(broker, "plain", PASSWORD), 0x87)
            self.assertEqual(code_of(broker, "ann", PASSWORD, name="ann"), 0)
            self.assertEqual(code_of(broker, "ann", PASSWORD, name="bob"), 0x87)
            self.assertEqual(code_of(broker, "ann", PASSWORD, method="SCRAM-SHA-1"), 0x8C)
            # The entry serves a password, too, of any version.
            by_password = Client(broker.port, "old", "ann", PASSWORD)
            self.assertEqual(by_password.code, 0)
            by_password.close()
            self.assertNotIn(PASSWORD, broker.log_text())
            for part in self.users.read_text().splitlines()[0].split("$")[3:]:
                self.assertNotIn(part, broker.log_text())

    def test_a_login_is_renewed(self):
        with Broker(config=self.config()) as broker:
            client = ScramClient(broker.port, "lasting", "ann", PASSWORD)
            self.assertEqual(client.renew("ann", PASSWORD), 0)
            client.ping()
            broker.wait_for("client.reauthenticated", client="lasting", user="ann")
            self.assertEqual(client.renew("ann", "wrong"), 0x87)
            self.assertTrue(client.is_closed())
            client.close()
            client = ScramClient(broker.port, "lasting", "ann", PASSWORD)
            self.assertEqual(client.renew("bob", PASSWORD), 0x87)
            client.close()

    def test_a_listener_takes_what_it_names(self):
        listeners = [loopback_listener(name="scram", authentication="scram"),
                     loopback_listener(name="passwords", authentication="password")]
        with Broker(config=self.config(listeners=listeners)) as broker:
            scram, passwords = broker.ports()
            client = Client(scram, "c", "ann", PASSWORD)
            self.assertEqual(client.code, 4)
            client.close()
            client = ScramClient(scram, "c", "ann", PASSWORD)
            self.assertEqual(client.code, 0)
            client.close()
            client = ScramClient(passwords, "c", "ann", PASSWORD)
            self.assertEqual(client.code, 0x8C)
            client.close()
        config = pathlib.Path(self.users.parent) / "godwit.yaml"
        config.write_text(f"listeners: [{{authentication: scram}}]\n"
                          f"authentication: {{password_file: {self.users}}}\n")
        explain = lambda user, expect: ctl("explain", "connect", "--config", config, "--user", user,
                                           expect=expect).stdout
        self.assertIn("keys for SCRAM-SHA-256", explain("ann", 0))
        self.assertIn("takes SCRAM only", explain("plain", 1))

    def test_a_reload_ends_logins(self):
        with Broker(config=self.config()) as broker:
            clients = {user: ScramClient(broker.port, user, user, PASSWORD)
                       for user in ("ann", "bob")}
            ctl("passwd", "--file", self.users, "--delete", "ann")
            broker.signal(signal.SIGHUP)
            broker.wait_for("reload.done")
            self.assertEqual(clients["ann"].read_packet()[0], 0xE0)
            self.assertTrue(clients["ann"].is_closed())
            clients["bob"].ping()
            self.assertEqual(clients["bob"].renew("bob", PASSWORD), 0)
            for client in clients.values():
                client.close()

    def test_mqttjs_logs_in_and_renews(self):
        with Broker(config=self.config()) as broker:
            client = MqttJsFive(broker.port)
            self.addCleanup(client.close)
            self.assertEqual(client.scram("js", "ann", PASSWORD),
                             {"event": "connected", "signed": True})
            self.assertEqual(client.renew("ann", PASSWORD), {"event": "renewed", "signed": True})
            broker.wait_for("client.reauthenticated", client="js", user="ann")
            self.assertEqual(client.renew("ann", "wrong"), {"event": "bye", "code": 0x87})
            refused = MqttJsFive(broker.port)
            self.addCleanup(refused.close)
            self.assertEqual(refused.scram("js", "ann", "wrong"),
                             {"event": "refused", "code": 0x87})


def code_of(broker, user, password, **more):
    client = ScramClient(broker.port, "someone", user, password, **more)
    client.close()
    return client.code


if __name__ == "__main__":
    unittest.main()
