"""TLS as real clients and hostile ones meet it."""

import os
import pathlib
import re
import shutil
import signal
import socket
import ssl
import subprocess
import time
import unittest

from daemon_http_test import get, value
from harness import loopback_listener, Broker, free_port
from raw_client import RawClient, connect_packet, packet, text
from tls_world import Authority, TlsClient, client_context, tls_broker

VERSIONS = {"tlsv1.2": ssl.TLSVersion.TLSv1_2, "tlsv1.3": ssl.TLSVersion.TLSv1_3}


class WithAuthority(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.authority = Authority("broker.test")
        cls.addClassCleanup(cls.authority.close)

    def context(self, version=None, certificate=None):
        return client_context(self.authority, version, certificate)

    def mosquitto(self, program, broker, *arguments, certificate=None):
        command = [program, "-h", "localhost", "-p", str(broker.port),
                   "--cafile", self.authority.path("ca.pem"), *arguments]
        if certificate:
            command += ["--cert", certificate[0], "--key", certificate[1]]
        return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)


class RealClients(WithAuthority):
    def exchange(self, broker, *arguments, certificate=None):
        """Eight messages through eight pairs, so that both shards are home to some of them."""
        subscribers = []
        for i in range(8):
            name = f"sub-{i}"
            subscribers.append(self.mosquitto(
                "mosquitto_sub", broker, "-i", name, "-t", f"t/{i}", "-q", "1", "-C", "1",
                *arguments, certificate=certificate))
            broker.wait_for("client.connected", client=name)
        for i, subscriber in enumerate(subscribers):
            while subscriber.poll() is None:  # published until it has subscribed and got one
                done = self.mosquitto("mosquitto_pub", broker, "-t", f"t/{i}", "-q", "1",
                                      "-m", f"hello {i}", *arguments, certificate=certificate)
                output, _ = done.communicate(timeout=60)
                self.assertEqual(done.returncode, 0, output)
            output, _ = subscriber.communicate(timeout=60)
            self.assertEqual((subscriber.returncode, output), (0, f"hello {i}\n".encode()))

    def test_mosquitto_with_each_version_and_kind_of_certificate(self):
        for name in ("server", "server-rsa"):
            with tls_broker(self.authority.tls(name), shards=2) as broker:
                for version in VERSIONS:
                    with self.subTest(certificate=name, version=version):
                        self.exchange(broker, "--tls-version", version)

    def test_mosquitto_with_client_certificates(self):
        client = self.authority.path("client.pem"), self.authority.path("client.key")
        tls = self.authority.tls(ca=self.authority.path("ca.pem"),
                                 crl=self.authority.path("crl.pem"))
        with tls_broker(tls, shards=2) as broker:
            self.exchange(broker, certificate=client)
            without = self.mosquitto("mosquitto_pub", broker, "-t", "t", "-m", "m")
            without.communicate(timeout=60)
            self.assertNotEqual(without.returncode, 0)
            broker.wait_for("connection.refused", listener="tls", why="the client shows no "
                            "certificate (tls.require_client_certificate)")

    def test_paho_python_over_tls(self):
        import paho.mqtt.client as paho
        with tls_broker(self.authority.tls(), shards=2) as broker:
            received = []
            client = paho.Client(client_id="paho", protocol=paho.MQTTv311)
            client.tls_set(ca_certs=self.authority.path("ca.pem"))
            client.on_message = lambda c, u, m: received.append(m.payload)
            client.on_connect = lambda c, u, f, code: c.subscribe("big", 1)
            client.on_subscribe = lambda c, u, i, q: c.publish("big", b"x" * 1_000_000, 1)
            client.connect("localhost", broker.port)
            end = time.monotonic() + 60
            while not received and time.monotonic() < end:
                client.loop(0.1)
            self.assertEqual(received, [b"x" * 1_000_000])
            client.disconnect()
            client.loop(0.1)


class Handshake(WithAuthority):
    def test_the_end_is_told_in_both_directions(self):
        with tls_broker(self.authority.tls()) as broker:
            for version in VERSIONS.values():
                client = TlsClient(broker.port, self.context(version), "c")
                client.disconnect()  # reads to close_notify; an end without it raises
                client = TlsClient(broker.port, self.context(version), "c")
                plain = client.socket.unwrap()  # our close_notify, then the broker's
                plain.close()
            broker.wait_for("client.disconnected", count=2, client="c", reason="client_closed")

    def test_half_close_ends_the_connection(self):
        with tls_broker(self.authority.tls()) as broker:
            client = TlsClient(broker.port, self.context(), "half")
            client.publish("t", b"last words")
            client.socket.shutdown(socket.SHUT_WR)
            broker.wait_for("client.disconnected", client="half", reason="client_closed")
            client.close()

    def test_sni_chooses_the_certificate(self):
        other = Authority("other.test")
        self.addCleanup(other.close)
        tls = {"certificate": [self.authority.path("server.pem"), other.path("server.pem")],
               "key": [self.authority.path("server.key"), other.path("server.key")]}
        with tls_broker(tls) as broker:
            TlsClient(broker.port, self.context(), "a", host="broker.test").disconnect()
            TlsClient(broker.port, client_context(other), "b", host="other.test").disconnect()
            with self.assertRaises(ssl.SSLCertVerificationError):
                TlsClient(broker.port, client_context(other), "c", host="broker.test")

    def test_sessions_resume_also_after_a_reload(self):
        with tls_broker(self.authority.tls(), shards=2) as broker:
            for number, version in enumerate(VERSIONS.values(), 1):
                context = self.context(version)
                first = TlsClient(broker.port, context, "a")
                self.assertFalse(first.socket.session_reused)
                session = first.socket.session
                first.disconnect()
                broker.signal(signal.SIGHUP)
                broker.wait_for("reload.done", count=number, tls_listeners=1)
                again = TlsClient(broker.port, context, "a", session=session)
                self.assertTrue(again.socket.session_reused)
                again.disconnect()

    def test_handshakes_are_counted(self):
        port = free_port()
        with tls_broker(self.authority.tls(), shards=2, http={"port": port}) as broker:
            context = self.context(VERSIONS["tlsv1.2"])
            first = TlsClient(broker.port, context, "a")
            session = first.socket.session
            first.disconnect()
            TlsClient(broker.port, context, "a", session=session).disconnect()
            socket.create_connection(("127.0.0.1", broker.port), timeout=30).close()  # a probe
            with socket.create_connection(("127.0.0.1", broker.port), timeout=30) as plain:
                plain.sendall(connect_packet("plain"))
                plain.recv(100)
            broker.wait_for("connection.refused", listener="tls")
            _, figures = get(port, "/metrics")
            self.assertEqual([value(figures, f"godwit_tls_{what}_total")
                              for what in ("handshakes", "resumed", "failed")], [2, 1, 1])

    def test_a_client_without_tls_gets_a_clear_line(self):
        with tls_broker(self.authority.tls()) as broker:
            with socket.create_connection(("127.0.0.1", broker.port), timeout=30) as plain:
                plain.sendall(connect_packet("lost"))
                self.assertEqual(plain.recv(100), b"")
            broker.wait_for("connection.refused", listener="tls",
                            why="the client speaks MQTT without TLS on a listener with TLS")
            with self.assertRaises(OSError):
                TlsClient(broker.ports()[1], self.context(), "lost")
            broker.wait_for("client.disconnected", reason="protocol_error", what="a TLS handshake, "
                            "but the listener has no tls.certificate")

    def test_old_versions_and_weak_ciphers_are_refused(self):
        with tls_broker(self.authority.tls(version_min="1.3")) as broker:
            with self.assertRaises(ssl.SSLError):
                TlsClient(broker.port, self.context(ssl.TLSVersion.TLSv1_2), "old")
            broker.wait_for("connection.refused", why="the client offers no TLS version from "
                            "tls.version_min on")
            TlsClient(broker.port, self.context(), "new").disconnect()

    def test_a_client_cannot_renegotiate(self):
        with tls_broker(self.authority.tls()) as broker:
            client = subprocess.Popen(
                ["openssl", "s_client", "-connect", f"localhost:{broker.port}", "-tls1_2",
                 "-CAfile", self.authority.path("ca.pem")],
                stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
            client.stdin.write(b"R\n")
            client.stdin.flush()
            output, _ = client.communicate(timeout=60)
            self.assertIn(b"no renegotiation", output.lower())

    def test_keys_are_renewed_when_the_client_asks(self):
        with tls_broker(self.authority.tls()) as broker:
            client = subprocess.Popen(
                ["openssl", "s_client", "-connect", f"localhost:{broker.port}", "-tls1_3",
                 "-CAfile", self.authority.path("ca.pem")],
                stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
            self.addCleanup(client.communicate, timeout=60)

            def say(words, expected):
                client.stdin.write(words)
                client.stdin.flush()
                output = b""
                while expected not in output:
                    more = os.read(client.stdout.fileno(), 65536)
                    self.assertTrue(more, output)
                    output += more

            say(b"", b"Verify return code: 0")
            say(b"K\n", b"KEYUPDATE")  # renews its key, and asks the broker to
            say(connect_packet("c"), b"\x20\x02\0\0")

    def test_sslscan_finds_nothing_weak(self):
        if shutil.which("sslscan") is None:
            self.skipTest("sslscan is not installed")
        for name in ("server", "server-rsa"):
            with tls_broker(self.authority.tls(name)) as broker:
                out = subprocess.run(
                    ["sslscan", "--no-colour", "--sni-name=localhost", f"127.0.0.1:{broker.port}"],
                    capture_output=True, text=True, timeout=120, check=True).stdout
            for old in ("SSLv2", "SSLv3", "TLSv1.0", "TLSv1.1"):
                self.assertRegex(out, rf"{re.escape(old)} +disabled")
            self.assertRegex(out, r"TLSv1\.3 +enabled")
            self.assertRegex(out, "Compression disabled|does not support compression")
            self.assertIn("Session renegotiation not supported", out)
            ciphers = re.findall(r"^(?:Preferred|Accepted) .*?bits +(\S+)", out, re.MULTILINE)
            self.assertTrue(ciphers)
            for cipher in ciphers:
                self.assertRegex(cipher, r"^(TLS_(AES|CHACHA20)|ECDHE-).*(GCM|POLY1305)")
            for line in re.findall(r"^TLSv1\.\d .*heartbleed.*$", out, re.MULTILINE):
                self.assertIn("not vulnerable", line)


class Hostile(WithAuthority):
    def test_slow_handshakes_end_in_time(self):
        with tls_broker(self.authority.tls(),
                        connection={"handshake_timeout": "1s"}) as broker:
            silent = socket.create_connection(("127.0.0.1", broker.port), timeout=30)
            slow = socket.create_connection(("127.0.0.1", broker.port), timeout=30)
            slow.sendall(b"\x16\x03\x01\x02\x00\x01")
            for one in (silent, slow):
                self.assertEqual(one.recv(100), b"")
                one.close()
            broker.wait_for("connection.refused",
                            why="it took longer than connection.handshake_timeout")

    def test_a_flood_of_handshakes_does_not_keep_clients_out(self):
        with tls_broker(self.authority.tls(), shards=1,
                        connection={"handshakes_max": 20}) as broker:
            flood = []
            for _ in range(200):
                one = socket.create_connection(("127.0.0.1", broker.port), timeout=30)
                one.sendall(b"\x16")
                flood.append(one)
            TlsClient(broker.port, self.context(), "honest").disconnect()
            broker.wait_for("connection.refused",
                            why="it gave way to a newer one (connection.handshakes_max)")
            for one in flood:
                one.close()

    def test_garbage_at_every_stage_is_survived(self):
        with tls_broker(self.authority.tls()) as broker:
            context = self.context()
            for garbage in (b"\x00" * 100, b"\xff" * 5000, b"GET / HTTP/1.1\r\n\r\n",
                            b"\x16\x03\x01\x00\x05hello", b"\x16\x03\x03\xff\xff" + b"x" * 70_000,
                            b"\x15\x03\x03\x00\x02\x02\x28"):
                with socket.create_connection(("127.0.0.1", broker.port), timeout=30) as one:
                    try:
                        one.sendall(garbage)
                        while one.recv(4096):
                            pass
                    except ConnectionResetError:
                        pass
            client = TlsClient(broker.port, context, "broken")
            raw = socket.socket(fileno=client.socket.detach())
            raw.settimeout(30)
            raw.sendall(b"\x17\x03\x03\x00\x20" + b"x" * 32)  # a record nobody sealed
            while raw.recv(4096):
                pass
            raw.close()
            broker.wait_for("client.disconnected", client="broken", reason="connection_lost")
            TlsClient(broker.port, context, "fine").disconnect()

    def test_a_slow_reader_gets_everything(self):
        with tls_broker(self.authority.tls(), shards=2) as broker:
            subscriber = TlsClient(broker.port, self.context(), "slow")
            subscriber.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
            subscriber.subscribe("t", 1)
            publisher = RawClient(broker.ports()[1], "fast")
            payload = bytes(range(256)) * 400
            count = 60
            for i in range(count):
                body = text("t") + (i + 1).to_bytes(2, "big") + payload
                publisher.socket.sendall(packet(0x32, body))
            for i in range(count):
                self.assertEqual(publisher.read(4)[0], 0x40)
            expected = packet(0x32, text("t") + b"\0\1" + payload)
            for i in range(count):
                got = subscriber.read(len(expected))
                at = len(got) - len(payload) - 2
                self.assertEqual(got[at + 2:], payload)
                subscriber.socket.sendall(packet(0x40, got[at:at + 2]))
            publisher.disconnect()
            subscriber.disconnect()


class Reload(WithAuthority):
    def test_new_files_are_used_and_wrong_ones_are_not(self):
        authority = Authority("broker.test")
        self.addCleanup(authority.close)
        with tls_broker(authority.tls(), shards=2) as broker:
            before = TlsClient(broker.port, client_context(authority), "before")
            pathlib.Path(authority.path("server.pem")).write_text("nonsense\n")
            broker.signal(signal.SIGHUP)
            self.assertIn("listeners[0].tls.certificate: " + authority.path("server.pem"),
                          broker.wait_for("reload.mistake"))
            TlsClient(broker.port, client_context(authority), "still").disconnect()
            for end in (".pem", ".key"):  # another authority altogether
                shutil.copy(self.authority.path("server" + end), authority.path("server" + end))
            broker.signal(signal.SIGHUP)
            broker.wait_for("reload.done", tls_listeners=1)
            TlsClient(broker.port, self.context(), "after").disconnect()
            before.publish("t", b"still here")
            before.disconnect()

    def test_a_hundred_reloads_under_load_lose_nobody(self):
        """Every third one is wrong. All the time clients talk, and new ones come."""
        authority = Authority("broker.test")
        self.addCleanup(authority.close)
        certificate = pathlib.Path(authority.path("server.pem"))
        right = certificate.read_text()
        with tls_broker(authority.tls(), shards=2) as broker:
            context = client_context(authority)
            clients = [TlsClient(broker.port, context, f"c{i}") for i in range(12)]
            for i, client in enumerate(clients):
                client.subscribe(f"t/{i}")
            done = {"reload.done": 0, "reload.mistake": 0}
            for number in range(100):
                event = "reload.mistake" if number % 3 == 2 else "reload.done"
                certificate.write_text("nonsense\n" if event == "reload.mistake" else right)
                broker.signal(signal.SIGHUP)
                for i in range(number % 3, len(clients), 3):
                    clients[i].publish(f"t/{i}", b"still here")
                done[event] += 1
                broker.wait_for(event, count=done[event])
                if number % 10 == 0:
                    TlsClient(broker.port, context, "new").disconnect()
                for i in range(number % 3, len(clients), 3):
                    expected = packet(0x30, text(f"t/{i}") + b"still here")
                    self.assertEqual(clients[i].read(len(expected)), expected)
            self.assertEqual(len(broker.lines("client.disconnected")), 10)
            for client in clients:
                client.disconnect()

    def test_a_revoked_client_is_refused_although_it_has_a_ticket(self):
        authority = Authority("broker.test")
        self.addCleanup(authority.close)
        certificate = authority.client("phone")
        tls = authority.tls(ca=authority.path("ca.pem"), crl=authority.path("crl.pem"))
        with tls_broker(tls) as broker:
            context = client_context(authority, certificate=certificate)
            first = TlsClient(broker.port, context, "phone")
            session = first.socket.session
            first.disconnect()
            again = TlsClient(broker.port, context, "phone", session=session)
            self.assertTrue(again.socket.session_reused)
            session = again.socket.session
            again.disconnect()
            authority.run("revoke", "phone")
            broker.signal(signal.SIGHUP)
            broker.wait_for("reload.done", tls_listeners=1)
            with self.assertRaises(OSError):
                TlsClient(broker.port, context, "phone", session=session)
            broker.wait_for("connection.refused",
                            why="the client's certificate is not good: certificate revoked")


class Files(WithAuthority):
    def check(self, tls, *expected):
        broker = Broker(config={"listeners": [loopback_listener(tls=tls)]})
        self.addCleanup(broker.clean_up)
        broker.spawn()
        broker.wait(expect=2)
        for words in expected:
            self.assertIn(words, broker.log_text())

    def test_mistakes_name_the_line_the_key_and_the_file(self):
        good = self.authority.tls()
        self.check({**good, "certificate": "/nowhere.pem"}, "godwit.yaml:",
                   "listeners[0].tls.certificate: /nowhere.pem: cannot be opened: No such file")
        self.check({**good, "key": self.authority.path("client.key")},
                   "client.key: is not the key of ")
        self.check({**good, "ca": self.authority.path("crl.pem")},
                   "tls.ca: ", "is not a PEM file with certificates of authorities")
        self.check({**good, "ciphers": "NONSENSE"}, "names no cipher that is known")
        self.check({"certificate": good["certificate"]}, "1 certificates and 0 keys")
        subprocess.run(["chmod", "644", good["key"]], check=True)
        self.addCleanup(subprocess.run, ["chmod", "600", good["key"]], check=True)
        self.check(good, "listeners[0].tls.key: ", "holds secrets and can be read by others")


if __name__ == "__main__":
    unittest.main()
