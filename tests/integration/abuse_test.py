"""Strangers who want to keep others out: slow ones, many, and those who guess. Figures are
printed."""

import os
import pathlib
import socket
import statistics
import subprocess
import tempfile
import threading
import time
import unittest

from harness import Broker, godwitd, loopback_listener, resident_kib, sanitizer_environment
from raw_client import RawClient, connect_packet, packet, text
from tls_world import Authority, TlsClient, client_context

CTL = str(pathlib.Path(godwitd()).with_name("godwitctl"))


def cpu_s(pid):
    fields = pathlib.Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def milliseconds(times):
    return (f"p50 {statistics.median(times) * 1e3:.1f} ms, "
            f"longest {max(times) * 1e3:.1f} ms of {len(times)}")


class Pinger:
    """An honest client; measures PINGRESPs until it is told to stop."""

    def __init__(self, port, name="honest", first=None):
        self.client = RawClient(port, name) if first is None else first
        self.times, self.stop, self.error = [], threading.Event(), None
        self.thread = threading.Thread(target=self.run)
        self.thread.start()

    def run(self):
        try:
            while not self.stop.wait(0.02):
                begin = time.monotonic()
                self.client.socket.sendall(b"\xc0\0")
                assert self.client.read(2) == b"\xd0\0"
                self.times.append(time.monotonic() - begin)
        except Exception as error:  # reported by the test's thread
            self.error = error

    def end(self):
        self.stop.set()
        self.thread.join(60)
        if self.error:
            raise self.error
        self.client.close()
        return self.times


class Slowloris(unittest.TestCase):
    def test_connections_that_say_little_are_cheap_and_end_in_time(self):
        authority = Authority()
        self.addCleanup(authority.close)
        each, limit_s = 150, 4
        begins = {"plain": connect_packet("slow")[:9], "tls": b"\x16\x03\x01\x02\x00\x01\x00",
                  "ws": b"GET /mqtt HTTP/1.1\r\nHost: x\r\nX: "}
        config = {"shards": 2,
                  "connection": {"connect_timeout": f"{limit_s}s",
                                 "handshake_timeout": f"{limit_s}s"},
                  "listeners": [loopback_listener(name="plain"),
                                loopback_listener(name="tls", tls=authority.tls()),
                                loopback_listener(name="ws", websocket={"path": "/mqtt"})]}
        with Broker(config=config) as broker:
            ports = dict(zip(begins, broker.ports()))
            honest = Pinger(ports["plain"])
            before = resident_kib(broker.pid)
            begin = time.monotonic()
            slow = []
            for name, first in begins.items():
                for _ in range(each):
                    one = socket.create_connection(("127.0.0.1", ports[name]), timeout=60)
                    one.sendall(first)
                    slow.append(one)
            grown = resident_kib(broker.pid) - before
            # They go on, a byte at a time, and newcomers get in.
            for one in slow[::7]:
                try:
                    one.sendall(b"a")
                except OSError:
                    pass
            TlsClient(ports["tls"], client_context(authority), "newcomer").disconnect()
            for one in slow:
                try:
                    while one.recv(4_096):
                        pass
                except ConnectionResetError:
                    pass
                one.close()
            took = time.monotonic() - begin
            times = honest.end()
            print(f"\nslowloris: {len(slow)} connections, {grown / len(slow):.1f} KiB each, all "
                  f"gone after {took:.1f} s (limit {limit_s} s); honest client: "
                  f"{milliseconds(times)}")
            self.assertLess(took, limit_s + 26)
            self.assertGreaterEqual(took, 0.5 * limit_s)
            self.assertLess(grown / len(slow), 40)


class HandshakeFlood(unittest.TestCase):
    def test_handshakes_in_a_row_leave_the_others_their_time(self):
        authority = Authority()
        self.addCleanup(authority.close)
        listeners = [loopback_listener(name="plain"),
                     loopback_listener(name="tls", tls=authority.tls("server-rsa"))]
        with Broker(config={"shards": 1, "listeners": listeners}) as broker:
            plain, tls = broker.ports()
            context = client_context(authority)
            honest, over = Pinger(plain), threading.Event()
            done = []

            def flood():
                while not over.is_set():
                    with socket.create_connection(("127.0.0.1", tls), timeout=60) as one:
                        with context.wrap_socket(one, server_hostname="localhost"):
                            done.append(one)
                    if len(done) >= 300:
                        over.set()

            floods = [threading.Thread(target=flood) for _ in range(4)]
            begin, cpu = time.monotonic(), cpu_s(broker.pid)
            for one in floods:
                one.start()
            over.wait(60)
            over.set()
            for one in floods:
                one.join(60)
            took, cpu = time.monotonic() - begin, cpu_s(broker.pid) - cpu
            times = honest.end()
            print(f"\nhandshake flood: {len(done) / took:.0f} RSA-2048 handshakes a second, "
                  f"{cpu / len(done) * 1e6:.0f} µs of CPU each; honest client: "
                  f"{milliseconds(times)}")
            self.assertGreater(len(done), 10)
            self.assertGreater(len(times), 10)
            self.assertLess(statistics.median(times), 1)


class BruteForce(unittest.TestCase):
    def test_guessing_is_slow_and_others_do_not_wait_for_it(self):
        directory = tempfile.TemporaryDirectory(prefix="godwit-abuse-")
        self.addCleanup(directory.cleanup)
        users = pathlib.Path(directory.name) / "users"
        for name in ("ann", "bob"):
            subprocess.run([CTL, "passwd", "--file", users, name], check=True, timeout=60,
                           input="good password\n", text=True, env=sanitizer_environment())
        config = {"shards": 1, "authentication": {
            "password_file": str(users), "failures_free": 5, "failure_interval": "1s"}}
        with Broker(config=config) as broker:
            def log_in(name, password):
                with socket.create_connection(("127.0.0.1", broker.port), timeout=60) as s:
                    s.sendall(packet(0x10, text("MQTT") + b"\4\xc2\0\0" + text("c-" + name)
                                     + text(name) + text(password)))
                    return s.recv(4)[3]

            self.assertEqual(log_in("ann", "good password"), 0)  # remembered from now on
            codes, over = [], threading.Event()

            def guess():
                number = 0
                while not over.is_set():
                    number += 1
                    codes.append(log_in("ann", f"guess {number}"))

            guessers = [threading.Thread(target=guess) for _ in range(4)]
            begin = time.monotonic()
            for one in guessers:
                one.start()
            logins = []
            while len(codes) < 300 or len(logins) < 20:
                before = time.monotonic()
                self.assertEqual(log_in("ann", "good password"), 0)
                logins.append(time.monotonic() - before)
            over.set()
            for one in guessers:
                one.join(60)
            took = time.monotonic() - begin
            judged, unseen = codes.count(4), codes.count(3)
            print(f"\nbrute force: {len(codes) / took:.0f} guesses a second, {judged} judged in "
                  f"{took:.1f} s, {unseen} refused unseen; logins of the user meanwhile: "
                  f"{milliseconds(logins)}")
            self.assertEqual(judged + unseen, len(codes))
            # Five are free, one comes back each second; those under way at a time may slip through.
            self.assertLessEqual(judged, 5 + took + 1 + len(guessers))
            self.assertGreater(unseen, 0)


if __name__ == "__main__":
    unittest.main()
