"""Secrets and payloads that can be recognised go through a real godwitd, and are looked for
wherever it says or leaves something. Battery row 101."""

import base64
import hashlib
import hmac
import http.client
import http.server
import json
import os
import pathlib
import re
import resource
import signal
import socket
import subprocess
import tempfile
import threading
import time
import unittest

from harness import (Broker, free_port, godwitd, loopback_listener, parse_fields,
                     sanitizer_environment)
from raw_client import packet, text
from tls_world import Authority, client_context

CTL = str(pathlib.Path(godwitd()).with_name("godwitctl"))
PASSWORDS = {"ann": "canary-first-Pa55word", "bob": "canary-second-Pa55word"}
WRONG = "canary-guessed-Pa55word"
FOR_SERVICE = "canary-service-Pa55word"
JWT_KEY = "canary-key-of-thirty-two-bytes-and-more"
PAYLOAD = "canary-payload-"


def connect(client_id, user=None, password=None, will=None):
    flags = 0x02 | (0x80 if user is not None else 0) | (0x40 if password is not None else 0)
    flags |= 0x04 if will is not None else 0
    body = text("MQTT") + bytes([4, flags]) + b"\0\0" + text(client_id)
    for value in (*(will or ()), user, password):
        if value is not None:
            body += text(value)
    return packet(0x10, body)


def jwt(user):
    def part(data):
        return base64.urlsafe_b64encode(data).rstrip(b"=")
    signed = part(b'{"alg":"HS256"}') + b"." + part(json.dumps(
        {"sub": user, "exp": int(time.time()) + 3_600}).encode())
    return (signed + b"." + part(hmac.digest(JWT_KEY.encode(), signed, hashlib.sha256))).decode()


class Service(http.server.BaseHTTPRequestHandler):
    def do_POST(self):
        asked = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        good = asked["password"] == FOR_SERVICE
        body = json.dumps({"result": "allow" if good else "deny"}).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass


class Canary(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.authority = Authority()
        cls.addClassCleanup(cls.authority.close)

    def setUp(self):
        self.directory = tempfile.TemporaryDirectory(prefix="godwit-recognise-")
        self.addCleanup(self.directory.cleanup)
        place = pathlib.Path(self.directory.name)
        self.users, self.key, self.rules = place / "users", place / "jwt.key", place / "rules.yaml"
        for user, password in PASSWORDS.items():
            self.ctl("passwd", "--file", self.users, user, typed=password + "\n")
        self.token = self.ctl("token", "--file", self.users, "pump").strip()
        self.key.write_text(JWT_KEY)
        self.key.chmod(0o600)
        self.rules.write_text("rules:\n  - deny: all\n    topic: closed/#\n  - allow: all\n"
                              "  - allow: subscribe\n    topic: $SYS/#\n")
        self.rules.chmod(0o644)
        self.tokens = [jwt("carl"), jwt("dora")]
        server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Service)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        self.addCleanup(server.server_close)
        self.addCleanup(server.shutdown)
        self.http_port = free_port()
        login = {"password_file": str(self.users), "jwt": {"key_file": str(self.key)},
                 "http": {"url": f"http://127.0.0.1:{server.server_port}/", "cache": "1h"}}
        self.config = {
            "shards": 2, "authentication": login, "sys": {"interval": "1s"},
            "authorization": {"rule_file": str(self.rules)}, "http": {"port": self.http_port},
            "listeners": [loopback_listener(name="plain"),
                          loopback_listener(name="tls", tls=self.authority.tls()),
                          loopback_listener(name="ws", websocket={"path": "/mqtt"})]}

    def ctl(self, *arguments, typed=None):
        done = subprocess.run([CTL, *map(str, arguments)], capture_output=True, text=True,
                              timeout=120, env=sanitizer_environment(), input=typed, check=True)
        return done.stdout

    def secrets(self):
        return [*PASSWORDS.values(), WRONG, FOR_SERVICE, self.token, *self.tokens]

    # -- what clients do with them ---------------------------------------------------------------

    def dial(self, port, data, tls=False, parts=1):
        s = socket.create_connection(("127.0.0.1", port), timeout=60)
        if tls:
            s = client_context(self.authority).wrap_socket(s, server_hostname="localhost")
        self.addCleanup(s.close)
        size = -(-len(data) // parts)
        for i in range(0, len(data), size):
            s.sendall(data[i:i + size])
            if parts > 1:
                time.sleep(0.02)  # so that the parts are read apart
        return s

    def dial_websocket(self, port, data):
        request = ("GET /mqtt HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
                   "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n"
                   "Sec-WebSocket-Protocol: mqtt\r\n\r\n").encode()
        mask = b"\x12\x34\x56\x78"
        body = bytes(b ^ mask[i % 4] for i, b in enumerate(data))
        s = self.dial(port, request)
        answer = b""
        while b"\r\n\r\n" not in answer:
            answer += s.recv(4_096)
        s.sendall(b"\x82" + bytes([0x80 | 126]) + len(data).to_bytes(2, "big") + mask + body)
        return s

    def come_in(self, broker):
        plain, tls, ws = ports(broker)
        data = lambda name, user, password: connect(name, user, password,
                                                    (f"will/{name}", PAYLOAD + "will"))
        everyone = [
            self.dial(plain, data("a", "ann", PASSWORDS["ann"])),
            self.dial(plain, data("b", "ann", PASSWORDS["ann"])),  # the remembered login
            self.dial(plain, data("c", "bob", PASSWORDS["bob"]), parts=9),
            self.dial(tls, data("d", "bob", PASSWORDS["bob"]), tls=True),
            self.dial(tls, data("e", "pump", self.token), tls=True, parts=5),
            self.dial(plain, data("f", "pump", self.token)),
            self.dial(plain, data("g", "carl", self.tokens[0])),
            self.dial_websocket(ws, data("h", "dora", self.tokens[1])),
            self.dial(plain, data("i", "otto", FOR_SERVICE)),
            self.dial(plain, data("j", "otto", FOR_SERVICE))]
        broker.wait_for("client.connected", count=len(everyone))
        return everyone

    def be_refused(self, broker):
        plain = ports(broker)[0]
        good = connect("x", "ann", PASSWORDS["ann"])
        for data in (connect("x", "ann", WRONG), connect("x", "nobody", WRONG),
                     connect("x", "ann", WRONG + "x" * 5_000),
                     connect("x", "pump", "gdt_" + WRONG), connect("x", "carl", WRONG + ".b.c"),
                     connect("x" * 2_000, "ann", PASSWORDS["ann"]),
                     connect("x", "ann", PASSWORDS["ann"], ("closed/x", PAYLOAD + "will")),
                     good[:-1] + b"", b"\x10\xff\xff\xff\xff" + good, good + good,
                     b"\x20" + good[1:], connect("a\0b", "ann", PASSWORDS["ann"])):
            with socket.create_connection(("127.0.0.1", plain), timeout=60) as s:
                s.sendall(data)
                s.shutdown(socket.SHUT_WR)
                while s.recv(4_096):
                    pass

    def publish(self, client):
        client.settimeout(60)
        client.recv(4)
        client.sendall(packet(0x82, b"\0\1" + text("open/#") + b"\2"))
        for first, topic in ((0x30, "open/0"), (0x32, "open/1"), (0x34, "open/2"),
                             (0x33, "open/r"), (0x32, "closed/x"), (0x32, "nobody/x")):
            pid = b"" if first == 0x30 else b"\0\7"
            client.sendall(packet(first, text(topic) + pid + PAYLOAD.encode() + b"message"))
        client.sendall(packet(0xC0, b""))
        seen = b""
        while b"\xd0\0" not in seen:
            seen += client.recv(65_536)

    def listen_to_sys(self, broker):
        """What $SYS says in one interval after everything has happened."""
        s = self.dial(ports(broker)[0], connect("watcher", "pump", self.token)
                      + packet(0x82, b"\0\1" + text("$SYS/#") + b"\0"))
        s.settimeout(0.3)
        end, seen = time.monotonic() + 2.5, b""
        while time.monotonic() < end:
            try:
                seen += s.recv(65_536)
            except TimeoutError:
                pass
        self.assertIn(b"$SYS/broker/uptime", seen)
        return seen.decode("utf-8", "replace")

    def metrics(self):
        connection = http.client.HTTPConnection("127.0.0.1", self.http_port, timeout=20)
        connection.request("GET", "/metrics")
        body = connection.getresponse().read().decode()
        connection.close()
        self.assertIn("godwit_connect_refused_total", body)
        return body

    # -- what is looked at -----------------------------------------------------------------------

    def test_nothing_that_is_said_holds_a_secret_or_a_payload(self):
        for level, form in (("debug", "text"), ("debug", "json"), ("info", "text")):
            with self.subTest(level=level, form=form):
                self.http_port = self.config["http"]["port"] = free_port()
                with Broker({**self.config, "log": {"level": level, "format": form}}) as broker:
                    everyone = self.come_in(broker)
                    self.be_refused(broker)
                    self.publish(everyone[0])
                    everyone[1].close()  # its will
                    said = {"$SYS": self.listen_to_sys(broker), "metrics": self.metrics()}
                    for name in ("cmdline", "environ"):
                        said[name] = pathlib.Path(f"/proc/{broker.pid}/{name}").read_text()
                    broker.signal(signal.SIGHUP)
                    broker.wait_for("reload.done")
                    for client in everyone:
                        client.close()
                    said["log"] = broker.log_text()
                self.assertIn("client.connected", said["log"])
                for place, words in said.items():
                    for secret in [*self.secrets(), JWT_KEY, "canary"]:
                        self.assertNotIn(secret, words, f"in {place}")

    def test_passwords_and_tokens_do_not_stay_in_memory(self):
        """What a core file would hold."""
        with Broker(config=self.config) as broker:
            self.be_refused(broker)
            everyone = self.come_in(broker)
            found = find_in_memory(broker.pid,
                                   [b"client.con", *(s.encode() for s in self.secrets())])
            if found is None:
                self.skipTest("the memory of other processes cannot be read here")
            self.assertIn(b"client.con", found, "the search itself works")
            self.assertEqual({s for s in found if s != b"client.con"}, set())
            for client in everyone:
                client.close()

    def test_a_crash_leaves_no_core_file_unless_it_is_asked_for(self):
        def unlimited():
            resource.setrlimit(resource.RLIMIT_CORE, (resource.RLIM_INFINITY,) * 2)
            os.chdir(self.directory.name)
        if resource.getrlimit(resource.RLIMIT_CORE)[1] != resource.RLIM_INFINITY:
            self.skipTest("core files are forbidden here")
        # Sanitizers forbid core files of their own accord.
        tsan = sanitizer_environment()["TSAN_OPTIONS"]
        options = {"ASAN_OPTIONS": "disable_coredump=0:detect_leaks=0:exitcode=99",
                   "TSAN_OPTIONS": tsan + ":disable_coredump=0"}
        for asked in (False, True):
            broker = Broker(config={"core_files": asked}, environment=options, preexec=unlimited)
            try:
                broker.start()
                limits = pathlib.Path(f"/proc/{broker.pid}/limits").read_text()
                soft = re.search(r"^Max core file size +(\S+)", limits, re.MULTILINE)[1]
                self.assertEqual(soft, "unlimited" if asked else "0")
                if not asked:
                    broker.signal(signal.SIGABRT)
                    _, status = os.waitpid(broker.pid, 0)
                    broker.process.returncode = -os.WTERMSIG(status)
                    self.assertEqual((os.WTERMSIG(status), os.WCOREDUMP(status)),
                                     (signal.SIGABRT, False))
            finally:
                broker.clean_up()


def ports(broker):
    """Of all listeners, whatever the form of the log."""
    return [json.loads(line)["port"] if line.startswith("{") else int(parse_fields(line)["port"])
            for line in broker.lines("listener.open")]


def find_in_memory(pid, needles):
    """Which of these byte strings are in a process's writable memory; None if it cannot be read."""
    found, largest = set(), 1 << 30  # larger ones are what sanitizers reserve
    longest = max(map(len, needles))
    try:
        memory = open(f"/proc/{pid}/mem", "rb", buffering=0)
    except PermissionError:
        return None
    with memory:
        for line in pathlib.Path(f"/proc/{pid}/maps").read_text().splitlines():
            where, rights = line.split()[:2]
            first, end = (int(part, 16) for part in where.split("-"))
            if "rw" not in rights or end - first > largest:
                continue
            tail = b""
            while first < end:
                try:
                    memory.seek(first)
                    part = memory.read(min(end - first, 1 << 24))
                except OSError:
                    break
                if not part:
                    break
                found |= {n for n in needles if n in tail + part}
                tail, first = part[-longest:], first + len(part)
    return found


if __name__ == "__main__":
    unittest.main()
