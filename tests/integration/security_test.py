"""Logins and rights in a real godwitd: password files, tokens, rules, reload, godwitctl."""

import contextlib
import http.server
import json
import pathlib
import signal
import socket
import stat
import subprocess
import tempfile
import threading
import unittest

from daemon_http_test import get, value
from harness import Broker, free_port, godwitd, loopback_listener, sanitizer_environment
from raw_client import packet, read_exactly, text

CTL = str(pathlib.Path(godwitd()).with_name("godwitctl"))
PASSWORD = "canary-Password-4711"


def ctl(*arguments, expect=0, typed=None):
    done = subprocess.run([CTL, *map(str, arguments)], capture_output=True, text=True, timeout=120,
                          env=sanitizer_environment(), input=typed, check=False)
    assert done.returncode == expect, (done.returncode, done.stdout, done.stderr)
    return done


class Client:
    """Connects with a name and a password; `code` is the CONNACK's."""

    def __init__(self, port, client_id, user=None, password=None, clean=True):
        self.socket = socket.create_connection(("127.0.0.1", port), timeout=60)
        flags = (0x02 if clean else 0) | (0x80 if user is not None else 0)
        flags |= 0x40 if password is not None else 0
        body = text("MQTT") + bytes([4, flags]) + b"\0\0" + text(client_id)
        for value in (user, password):
            if value is not None:
                body += text(value)
        self.socket.sendall(packet(0x10, body))
        self.code = self.read(4)[3]

    def read(self, count):
        return read_exactly(self.socket, count)

    def subscribe(self, topic, qos=0):
        self.socket.sendall(packet(0x82, b"\0\1" + text(topic) + bytes([qos])))
        return self.read(5)[4]

    def publish(self, topic, payload, retain=False):
        """With QoS 1, through PUBACK."""
        self.socket.sendall(packet(0x33 if retain else 0x32, text(topic) + b"\0\2" + payload))
        assert self.read(4)[:2] == b"\x40\2"

    def next_message(self):
        head = self.read(2)
        body = self.read(head[1])
        size = int.from_bytes(body[:2], "big")
        return body[2:2 + size].decode(), body[2 + size:]

    def is_closed(self):
        return self.socket.recv(65536) == b""

    def close(self):
        self.socket.close()


class Files(unittest.TestCase):
    def setUp(self):
        self.directory = tempfile.TemporaryDirectory(prefix="godwit-security-")
        self.addCleanup(self.directory.cleanup)
        self.users = pathlib.Path(self.directory.name) / "users"
        self.rules = pathlib.Path(self.directory.name) / "rules.yaml"

    def write_rules(self, rules):
        self.rules.write_text(rules)
        self.rules.chmod(0o644)

    def config(self, **more):
        return {"authentication": {"password_file": str(self.users)},
                "authorization": {"rule_file": str(self.rules)}, **more}


class Ctl(Files):
    def test_passwd_makes_changes_and_removes_entries(self):
        ctl("passwd", "--file", self.users, "ann", typed=PASSWORD + "\n")
        self.assertEqual(stat.S_IMODE(self.users.stat().st_mode), 0o600)
        first = self.users.read_text()
        self.assertRegex(first, r"^ann:\$argon2id\$v=19\$m=19456,t=2,p=1\$[^\n]*\n$")
        self.users.chmod(0o640)
        ctl("passwd", "--file", self.users, "bob", typed=PASSWORD + "\n")
        ctl("passwd", "--file", self.users, "ann", typed="other\n")
        second = self.users.read_text()
        self.assertEqual([line.split(":")[0] for line in second.splitlines()], ["ann", "bob"])
        self.assertNotIn(first.strip(), second)
        self.assertEqual(stat.S_IMODE(self.users.stat().st_mode), 0o640)
        ctl("passwd", "--file", self.users, "--delete", "ann")
        self.assertNotIn("ann", self.users.read_text())
        self.assertNotIn(PASSWORD, second)
        said = ctl("passwd", "--file", self.users, "--delete", "--json", "bob").stdout
        self.assertEqual(json.loads(said), {"user": "bob", "deleted": True})
        made = json.loads(ctl("token", "--file", self.users, "--json", "pump").stdout)
        self.assertEqual((made["user"], len(made["token"]) > 40), ("pump", True))
        self.assertIn("pump:", self.users.read_text())

    def test_mistakes_are_told_and_change_nothing(self):
        self.users.write_text("ann\n")
        self.users.chmod(0o600)
        done = ctl("passwd", "--file", self.users, "bob", typed="x\n", expect=1)
        self.assertIn(f"{self.users}:1:", done.stderr)
        self.assertEqual(self.users.read_text(), "ann\n")
        ctl("passwd", "--file", self.users, "a:b", typed="x\n", expect=1)
        ctl("passwd", "--file", self.users, "ann", typed="\n", expect=1)
        ctl("passwd", "bob", typed="x\n", expect=2)
        ctl("explain", "publish", "--config", "none", expect=2)
        self.assertIn("godwitctl explain", ctl("--help").stdout)

    def test_explain_says_what_decides(self):
        ctl("passwd", "--file", self.users, "ann", typed="x\n")
        self.write_rules("rules:\n  - deny: subscribe\n    topic: a/secret\n"
                         "  - allow: all\n    user: ann\n    topic: a/#\n    qos: 1\n")
        config = pathlib.Path(self.directory.name) / "godwit.yaml"
        config.write_text(f"authentication: {{password_file: {self.users}}}\n"
                          f"authorization: {{rule_file: {self.rules}}}\n")
        explain = lambda *words, expect=0: ctl("explain", *words, "--config", config,
                                               expect=expect).stdout
        self.assertEqual(explain("publish", "--user", "ann", "a/b"), "allowed: rules.yaml:4\n")
        self.assertEqual(json.loads(explain("publish", "--json", "--user", "ann", "a/b")),
                         {"allowed": True, "why": "allowed: rules.yaml:4\n"})
        self.assertEqual(explain("publish", "--user", "bob", "a/b", expect=1),
                         "refused: rules.yaml: no rule allows it\n")
        self.assertIn("rules.yaml:4 allows QoS 1 at most",
                      explain("publish", "--user", "ann", "--qos", "2", "a/b", expect=1))
        self.assertEqual(explain("subscribe", "--user", "ann", "a/secret", expect=1),
                         "refused: rules.yaml:2\n")
        self.assertIn("allowed: rules.yaml:4",
                      explain("subscribe", "--user", "ann", "$share/g/a/#"))
        self.assertIn("line 1", explain("connect", "--user", "ann"))
        self.assertIn("is not in", explain("connect", "--user", "bob", expect=1))
        self.rules.write_text("rules:\n  - allow: al\n")
        done = ctl("explain", "publish", "--config", config, "x", expect=2)
        self.assertIn(f"{self.rules}:2:12: allow:", done.stderr)


class Logins(Files):
    def setUp(self):
        super().setUp()
        ctl("passwd", "--file", self.users, "ann", typed=PASSWORD + "\n")
        self.token = ctl("token", "--file", self.users, "pump").stdout.strip()
        self.write_rules("rules:\n  - allow: all\n    topic: u/%u/#\n"
                         "  - allow: subscribe\n    topic: news/#\n"
                         "  - allow: all\n    user: pump\n    topic: news/#\n")

    def test_who_may_come_in_and_what_they_may_do(self):
        http_port = free_port()
        with Broker(config=self.config(shards=2, http={"port": http_port})) as broker:
            code = lambda *who: code_of(broker, "c", *who)
            self.assertEqual(code(), 4)
            self.assertEqual(code("ann", "wrong"), 4)
            self.assertEqual(code("bob", PASSWORD), 4)
            self.assertEqual(code("ann", ""), 4)
            self.assertEqual(code("ann"), 4)
            self.assertEqual(code("pump", PASSWORD), 4)
            ann = Client(broker.port, "phone", "ann", PASSWORD)
            pump = Client(broker.port, "pump-1", "pump", self.token)
            self.assertEqual((ann.code, pump.code), (0, 0))
            self.assertEqual(ann.subscribe("#"), 0x80)
            self.assertEqual(ann.subscribe("u/pump/#"), 0x80)
            self.assertEqual(ann.subscribe("news/#"), 0)
            ann.publish("news/x", b"no")
            pump.publish("news/x", b"yes")
            self.assertEqual(ann.next_message(), ("news/x", b"yes"))
            broker.wait_for("publish.denied", client="phone", rule="rules.yaml: no rule allows it")
            _, figures = get(http_port, "/metrics")
            logins = lambda result, method: value(
                figures, f'godwit_logins_total{{method="{method}",result="{result}"}}')
            self.assertEqual((logins("accepted", "password"), logins("refused", "password"),
                              logins("refused", "anonymous")), (2, 5, 1))
            # A session belongs to its user.
            self.assertEqual(code_of(broker, "phone", "pump", self.token), 5)
            for client in (ann, pump):
                client.close()
            log = broker.log_text()
            for secret in (PASSWORD, self.token, self.users.read_text().split(":")[1][:40]):
                self.assertNotIn(secret, log)

    def test_a_reload_changes_rights_and_ends_logins(self):
        with Broker(config=self.config(shards=2)) as broker:
            ann = Client(broker.port, "phone", "ann", PASSWORD)
            pump = Client(broker.port, "pump-1", "pump", self.token)
            self.assertEqual(ann.subscribe("news/#"), 0)
            # Half a rule file changes nothing, and says where it is wrong.
            good = self.rules.read_text()
            self.write_rules(good + "  - allow: everything\n")
            broker.signal(signal.SIGHUP)
            broker.wait_for("reload.mistake", file=str(self.rules), line=9)
            pump.publish("news/x", b"1")
            self.assertEqual(ann.next_message(), ("news/x", b"1"))
            # Subscriptions that are not allowed any more stop delivering; others go on.
            self.write_rules("rules:\n  - deny: all\n    topic: news/secret\n"
                             "  - allow: all\n    topic: news/#\n")
            broker.signal(signal.SIGHUP)
            broker.wait_for("reload.done", count=1)
            broker.wait_for("broker.ready")
            pump.publish("news/secret", b"2")
            pump.publish("news/x", b"3")
            self.assertEqual(ann.next_message(), ("news/x", b"3"))
            # Who is not in the file any more is not connected any more.
            ctl("passwd", "--file", self.users, "--delete", "ann")
            broker.signal(signal.SIGHUP)
            self.assertTrue(ann.is_closed())
            ann.close()
            broker.wait_for("reload.done", count=2)
            self.assertEqual(code_of(broker, "phone", "ann", PASSWORD), 4)
            pump.publish("news/x", b"4")
            # A file that is gone, or that others can read, keeps everything as it was.
            self.users.chmod(0o644)
            broker.signal(signal.SIGHUP)
            broker.wait_for("reload.mistake", file=str(self.users))
            pump.publish("news/x", b"5")
            self.assertEqual(code_of(broker, "other", "pump", self.token), 0)
            pump.close()

    def test_what_was_queued_is_judged_when_it_leaves(self):
        with Broker(config=self.config()) as broker:
            ann = Client(broker.port, "phone", "ann", PASSWORD, clean=False)
            self.assertEqual(ann.subscribe("news/#", 1), 1)
            ann.close()
            broker.wait_for("client.disconnected", client="phone")
            pump = Client(broker.port, "pump-1", "pump", self.token)
            for topic in ("news/secret", "news/open"):
                pump.publish(topic, b"queued")
            self.write_rules("rules:\n  - deny: all\n    topic: news/secret\n"
                             "  - allow: all\n    topic: news/#\n")
            broker.signal(signal.SIGHUP)
            broker.wait_for("reload.done")
            ann = Client(broker.port, "phone", "ann", PASSWORD, clean=False)
            topic, rest = ann.next_message()
            self.assertEqual((topic, rest[2:]), ("news/open", b"queued"))
            for client in (ann, pump):
                client.close()

    def test_what_is_retained_needs_the_right_of_its_publisher(self):  # battery 76
        everybody = "rules:\n  - allow: subscribe\n    topic: news/#\n"
        with Broker(config=self.config(shards=1)) as broker:
            pump = Client(broker.port, "pump-1", "pump", self.token)
            for topic in ("news/x", "news/y"):
                pump.publish(topic, topic.encode(), retain=True)
            pump.close()
            broker.stop()
            self.write_rules(everybody + "  - allow: all\n    user: pump\n    topic: news/y\n")
            broker.again()
            ann = Client(broker.port, "phone", "ann", PASSWORD)
            self.assertEqual(ann.subscribe("news/x"), 0)
            self.assertEqual(ann.subscribe("news/y"), 0)
            self.assertEqual(ann.next_message(), ("news/y", b"news/y"))
            ann.close()
            # It comes back with the right.
            self.write_rules(everybody + "  - allow: all\n    user: pump\n    topic: news/#\n")
            broker.signal(signal.SIGHUP)
            broker.wait_for("reload.done")
            ann = Client(broker.port, "phone", "ann", PASSWORD)
            self.assertEqual(ann.subscribe("news/x"), 0)
            self.assertEqual(ann.next_message(), ("news/x", b"news/x"))
            ann.close()

    def test_secrets_that_others_can_read_are_refused(self):
        self.users.chmod(0o644)
        config = pathlib.Path(self.directory.name) / "godwit.yaml"
        config.write_text(f"authentication: {{password_file: {self.users}}}\n")
        for task in ([], ["--check"]):
            done = subprocess.run([godwitd(), *task, "--config", str(config)], capture_output=True,
                                  text=True, timeout=60, env=sanitizer_environment(), check=False)
            self.assertEqual(done.returncode, 2)
            self.assertIn(f"{self.users}: holds secrets and can be read by others", done.stderr)

    def test_brute_force_is_slowed_and_keeps_nobody_out(self):
        more = {"authentication": {"password_file": str(self.users), "failures_free": 5,
                                   "failure_interval": "1h"}}
        with Broker(config={**self.config(shards=1), **more}) as broker:
            self.assertEqual(code_of(broker, "phone", "ann", PASSWORD), 0)
            codes = [code_of(broker, "x", "ann", f"guess {i}") for i in range(20)]
            self.assertEqual(codes, [4] * 6 + [3] * 14)
            self.assertEqual(code_of(broker, "phone", "ann", PASSWORD), 0)

    def test_two_devices_with_one_client_id_do_not_spin(self):
        """Each connects again at once when the other has taken its session, as devices do."""
        limits = {"session": {"takeovers_max": 5, "takeover_window": "1h"}}
        with Broker(config={**self.config(shards=2), **limits}) as broker:
            codes, holder, stop = [], [], threading.Event()

            def device():
                while not stop.is_set():
                    client = Client(broker.port, "twin", "pump", self.token)
                    codes.append(client.code)
                    if client.code == 0:
                        holder.append(client)
                        client.is_closed()
                        holder.remove(client)
                    client.close()

            twins = [threading.Thread(target=device) for _ in range(2)]
            for twin in twins:
                twin.start()
            broker.wait_for("client.taken_over_too_often", client="twin",
                            limit="session.takeovers_max", count=3)
            # Whoever has it is left alone, and nobody else notices.
            self.assertEqual((codes.count(0), set(codes), len(holder)), (6, {0, 3}, 1))
            self.assertEqual(len(broker.lines("client.disconnected", reason="taken_over")), 5)
            self.assertEqual(code_of(broker, "phone", "ann", PASSWORD), 0)
            stop.set()
            while any(twin.is_alive() for twin in twins):
                for client in list(holder):
                    with contextlib.suppress(OSError):  # its end may have come meanwhile
                        client.socket.shutdown(socket.SHUT_RDWR)
                twins[0].join(0.1)

    def test_a_client_that_goes_while_its_password_is_computed(self):  # battery 53
        with Broker(config=self.config()) as broker:
            for _ in range(20):
                s = socket.create_connection(("127.0.0.1", broker.port), timeout=60)
                s.sendall(packet(0x10, text("MQTT") + b"\4\xc2\0\0" + text("c") + text("ann")
                                 + text("wrong")))
                s.close()
            self.assertEqual(code_of(broker, "phone", "ann", PASSWORD), 0)


class Service(http.server.BaseHTTPRequestHandler):
    """Lets in whoever's password is the user name backwards."""

    def do_POST(self):
        asked = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        self.server.asked.append(asked)
        good = asked["password"] == asked["user_name"][::-1]
        body = json.dumps({"result": "allow" if good else "deny", "groups": ["staff"]}).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass


class HttpService(Files):
    def test_it_is_asked_about_who_is_not_in_the_file(self):
        server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Service)
        server.asked = []
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        self.addCleanup(thread.join)
        self.addCleanup(server.server_close)
        ctl("passwd", "--file", self.users, "ann", typed=PASSWORD + "\n")
        self.write_rules("rules:\n  - allow: all\n    group: staff\n    topic: staff/#\n")
        login = {"password_file": str(self.users),
                 "http": {"url": f"http://127.0.0.1:{server.server_port}/mqtt", "cache": "0s"}}
        with Broker(config={**self.config(), "authentication": login}) as broker:
            bob = Client(broker.port, "phone", "bob", "bob")
            self.assertEqual(bob.code, 0)
            self.assertEqual((bob.subscribe("staff/#"), bob.subscribe("#")), (0, 0x80))
            self.assertEqual(server.asked, [{"user_name": "bob", "password": "bob",
                                             "client_id": "phone", "address": "127.0.0.1",
                                             "listener": "default"}])
            self.assertEqual(code_of(broker, "x", "carl", "wrong"), 4)
            self.assertEqual(code_of(broker, "x", "ann", PASSWORD), 0)
            self.assertEqual(len(server.asked), 2)
            server.shutdown()
            server.server_close()
            self.assertEqual(code_of(broker, "x", "otto", "otto"), 3)  # fails closed
            bob.close()


def code_of(broker, *who):
    client = Client(broker.port, *who)
    client.close()
    return client.code


if __name__ == "__main__":
    unittest.main()
