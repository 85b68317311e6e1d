"""Secrets that come from the environment: credentials of a service, variables of a container."""

import json
import pathlib
import socket
import subprocess
import tempfile
import unittest

from ctl_client import Ctl, godwitctl
from harness import Broker, godwitd, loopback_listener, sanitizer_environment
from raw_client import packet, text
from tls_world import Authority, client_context


class Secrets(unittest.TestCase):
    def setUp(self):
        directory = tempfile.TemporaryDirectory(prefix="godwit-secrets-")
        self.addCleanup(directory.cleanup)
        self.place = pathlib.Path(directory.name)
        self.token = self.make_token("users")

    def make_token(self, name):
        return subprocess.run([godwitctl(), "token", "--file", self.place / name, "pump"],
                              check=True, capture_output=True, text=True, timeout=60,
                              env=sanitizer_environment()).stdout.strip()

    def login(self, port, token, context=None):
        """The code of the CONNACK."""
        s = socket.create_connection(("127.0.0.1", port), timeout=60)
        with context.wrap_socket(s, server_hostname="localhost") if context else s as s:
            s.sendall(packet(0x10, text("MQTT") + b"\4\xc2\0\0" + text("c") + text("pump")
                             + text(token)))
            answer = b""
            while len(answer) < 4:
                answer += s.recv(4 - len(answer))
            return answer[3]

    def test_credentials_of_a_service(self):
        authority = Authority()
        self.addCleanup(authority.close)
        for name in ["server.pem", "server.key"]:
            target = self.place / name
            target.write_bytes(pathlib.Path(authority.path(name)).read_bytes())
            target.chmod(0o400)
        config = {"authentication": {"password_file": "credential:users"},
                  "listeners": [loopback_listener(tls={"certificate": "credential:server.pem",
                                                       "key": "credential:server.key"})]}
        with Broker(config, environment={"CREDENTIALS_DIRECTORY": str(self.place)}) as broker:
            self.assertEqual(self.login(broker.port, self.token, client_context(authority)), 0)
            new = self.make_token("users")
            Ctl(broker).run("reload")
            self.assertEqual(self.login(broker.port, new, client_context(authority)), 0)
            self.assertEqual(self.login(broker.port, self.token, client_context(authority)), 4)

    def test_a_variable_names_the_file_or_holds_the_secret(self):
        for value, more in [(str(self.place / "users"), {}),
                            ("credential:users", {"CREDENTIALS_DIRECTORY": str(self.place)}),
                            ("env:USERS", {"USERS": (self.place / "users").read_text()})]:
            environment = {"GODWIT_AUTHENTICATION_PASSWORD_FILE": value, **more}
            with Broker(environment=environment) as broker:
                self.assertEqual(self.login(broker.port, self.token), 0, value)
                self.assertEqual(self.login(broker.port, "guess"), 4, value)
                self.assertEqual(Ctl(broker).json("config", "diff")[1]["live"], [],
                                 "a reload sees the variable, too")

    def test_no_secret_is_printed_or_logged(self):
        secret = "hunter2" * 5
        environment = {**sanitizer_environment(), "JWT_SECRET": secret,
                       "GODWIT_AUTHENTICATION_JWT_KEY_FILE": "env:JWT_SECRET",
                       "GODWIT_AUTHENTICATION_HTTP_URL": f"http://127.0.0.1:9/auth?key={secret}"}
        with Broker(environment=environment) as broker:
            broker.config["authentication"] = {"jwt": {"leeway": "1s"}}
            broker.config_path.write_text(json.dumps(broker.config))
            told = (Ctl(broker).text("config", "diff") + Ctl(broker).text("reload")
                    + Ctl(broker).text("status"))
            self.assertIn("leeway", told)
            self.assertNotIn("hunter2", told + broker.log_text())
            printed = subprocess.run([godwitd(), "--print-effective", "--config",
                                      broker.config_path], env=environment, capture_output=True,
                                     text=True, check=True, timeout=60).stdout
            self.assertIn("key_file: \"env:JWT_SECRET\"  # GODWIT_AUTHENTICATION_JWT_KEY_FILE",
                          printed)
            self.assertIn("url: \"http://127.0.0.1:9/auth?(hidden)\"", printed)
            self.assertNotIn("hunter2", printed)

    def test_a_secret_in_the_wrong_place_is_not_repeated(self):
        for environment in [{"GODWIT_AUTHENTICATION_JWT_KEY_FILE": "hunter2"},
                            {"GODWIT_AUTHENTICATION_JWT_KEY_FILE": "env:HERE", "HERE": "hunter2"},
                            {"GODWIT_AUTHENTICATION_PASSWORD_FILE": "env:HERE",
                             "HERE": "pump:hunter2"}]:
            done = subprocess.run([godwitd(), "--check"], env={**sanitizer_environment(),
                                                               **environment},
                                  capture_output=True, text=True, check=False, timeout=60)
            self.assertEqual(done.returncode, 2)
            self.assertNotIn("hunter2", done.stdout + done.stderr)
            self.assertTrue(done.stderr)


if __name__ == "__main__":
    unittest.main()
