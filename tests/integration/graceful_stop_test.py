"""Many clients and messages on their way when a broker is told to stop, or killed.

GODWIT_CROWD: how many clients; GODWIT_FLIGHT: messages on their way.
"""

import errno
import itertools
import signal
import socket
import threading
import time
import unittest

import clients_wire as wire
from clients_wire import DISCONNECT, PUBACK, PUBCOMP, PUBLISH, PUBREC, Wire
from daemon_store_test import run_store
from harness import Broker, free_port
from scale import Metrics, raise_file_limit, size, wait_until

CROWD = size("GODWIT_CROWD", 300)
FLIGHT = size("GODWIT_FLIGHT", 3_000)
EACH = 100                  # messages on their way to one subscriber: its window
STOP_S = 10
SHUTTING_DOWN = 0x8B
LASTING = {"expiry": 3_600}
TOGETHER = 500              # members that wait for the same commits of the store


class Member(Wire):
    """One of the crowd, known by its number: every other one speaks MQTT 5. It leaves a will. Its
    CONNECT is on its way; `come_in` takes the answer."""

    def __init__(self, port, number, lasting=False, topic="will", retain=False):
        super().__init__(port)
        self.name, self.number, self.present = f"member-{number}", number, None
        self.version = "5" if number % 2 else "3.1.1"
        self.send(wire.connect(
            self.name, version=self.version, clean=not lasting,
            will=(f"{topic}/{self.name}", b"off", number % 3, retain),
            **(LASTING if lasting and self.version == "5" else {})))

    def come_in(self):
        self.present, code = self.expect(wire.CONNACK)[:2]
        if code != 0:
            raise AssertionError(f"{self.name} was refused: {code}")

    def read_to_the_end(self):
        """Everything that comes until the broker closes in order; the end must come."""
        out = []
        while (got := self.receive()) is not None:
            out.append(got)
        # After a reset or too long a time this is something else.
        if self.socket.recv(1) != b"":
            raise AssertionError(f"{self.name}: no end")
        return out


def come_together(members):
    """Brings them in, some hundreds at a time; `members` may make them as it goes."""
    members, everybody = iter(members), []
    while some := list(itertools.islice(members, TOGETHER)):
        for one in some:
            one.come_in()
        everybody += some
    return everybody


class Writer(threading.Thread):
    """Publishes at QoS 1, twenty at a time, until its connection ends; knows what was answered."""

    def __init__(self, port, number):
        super().__init__(daemon=True)
        self.topic, self.answered, self._wire = f"written/{number}", 0, Wire(port)
        self._wire.connect(f"writer-{number}")
        self.start()

    def run(self):
        sent = 0
        try:
            while True:
                while sent < self.answered + 20:
                    self._wire.send(wire.publish(self.topic, b"%d" % sent, 1, 1 + sent % 60_000))
                    sent += 1
                self._wire.expect(PUBACK)
                self.answered += 1
        except (AssertionError, OSError):
            self._wire.close()


def publish_all(port, topic, count):
    """Messages 0, 1, ... at QoS 1 and 2 in turn, each answered."""
    with Wire(port) as c:
        c.connect("filler")
        for i in range(count):
            qos = 1 + i % 2
            c.send(wire.publish(topic, b"%d" % i, qos, i + 1))
            c.expect(PUBACK if qos == 1 else PUBREC)
            if qos == 2:
                c.send(wire.packet(0x62, (i + 1).to_bytes(2, "big")))
                c.expect(PUBCOMP)


class Stop(unittest.TestCase):
    def setUp(self):
        raise_file_limit()
        self.members = []
        self.addCleanup(lambda: [one.close() for one in self.members])

    def test_with_many_clients_and_messages_on_their_way(self):
        watch = free_port()
        getters = FLIGHT // EACH
        with Broker({"shards": 2, "http": {"port": watch}}) as broker:
            port = broker.port
            with Wire(port) as watcher, Wire(port) as heir:
                watcher.connect("watcher", clean=False)
                watcher.subscribe(("will/#", 1))
                heir.connect("heir", clean=False)
                heir.subscribe(("written/#", 1))
            self.members += come_together(Member(port, i, lasting=i < getters)
                                          for i in range(CROWD))
            for one in self.members[:getters]:
                one.send(wire.subscribe(1, ("flight", 2), version=one.version))
            for one in self.members[:getters]:
                one.expect(wire.SUBACK)
            publish_all(port, "flight", EACH)
            metrics = Metrics(watch)
            wait_until(lambda: metrics["copies_in_log"] >= getters * EACH, "messages on their way")
            writers = [Writer(port, i) for i in range(4)]
            wait_until(lambda: all(w.answered > 20 for w in writers), "writers at work")

            begin = time.monotonic()
            broker.signal(signal.SIGTERM)
            ends = [one.read_to_the_end() for one in self.members]
            for one in self.members:
                one.close()
            for w in writers:
                w.join(wire.DEADLINE_S)
            broker.wait(expect=0)
            took = time.monotonic() - begin
            print(f"\nstop of {CROWD} clients, {getters * EACH} messages under way: {took:.1f} s")
            self.assertLess(took, STOP_S)
            self.check_ends(ends, getters)
            self.assertFalse(broker.lines("broker.cut_short"))
            seen = run_store("verify", "-c", broker.config_path)
            self.assertEqual(seen.returncode, 0, seen.stderr + seen.stdout)

            broker.again()
            self.check_nothing_was_lost(broker, getters, writers)

    def check_ends(self, ends, getters):
        for one, packets in zip(self.members, ends):
            kinds = [first >> 4 for first, _ in packets]
            if one.version == "5":
                self.assertEqual(kinds.pop(), DISCONNECT, one.name)
                self.assertEqual(packets[-1][1][0], SHUTTING_DOWN, one.name)
            expected = [PUBLISH] * EACH if one.number < getters else []
            self.assertEqual(kinds, expected, one.name)

    def check_nothing_was_lost(self, broker, getters, writers):
        opened = broker.wait_for("store.opened")
        self.assertIn("torn_tail=false", opened)
        with Wire(broker.port) as watcher:
            self.assertEqual(watcher.connect("watcher", clean=False)[0], 1)
            port = broker.port
            for one in come_together(Member(port, number, lasting=True)
                                     for number in range(getters)):
                with one as back:
                    self.assertEqual(back.present, 1, back.name)
                    got = [back.receive() for _ in range(EACH)]
                    self.assertEqual([first & 0xF8 for first, _ in got], [0x38] * EACH, "DUP")
                    payload = len(b"..flight" + b"id" + (b"." if back.version == "5" else b""))
                    self.assertEqual([int(body[payload:]) for _, body in got], list(range(EACH)))
                    back.send(wire.packet(0xE0))
            with Wire(broker.port) as heir:
                self.assertEqual(heir.connect("heir", clean=False)[0], 1)
                got = {w.topic: [] for w in writers}
                while (one := heir.receive_publish(timeout=0 if self.has_all(got, writers)
                                                   else wire.DEADLINE_S)) is not None:
                    got[one[0]].append(int(one[1]))
                for numbers in got.values():
                    self.assertEqual(numbers, list(range(len(numbers))))
                self.assertTrue(self.has_all(got, writers))
            # No will was sent by the stop.
            with Wire(broker.port) as c:
                c.connect("last")
                c.send(wire.publish("will/last", b"of all", 1, 1))
            self.assertEqual(watcher.receive_publish(), ("will/last", b"of all"))

    @staticmethod
    def has_all(got, writers):
        return all(len(got[w.topic]) >= w.answered for w in writers)

    def test_nobody_gets_in_while_it_waits_for_a_slow_one(self):
        watch = free_port()
        patient = {"shards": 2, "http": {"port": watch}, "tuning": {"stop_max": "1h"},
                   "connection": {"linger_max": "1h", "output_bytes_max": "64MiB"}}
        with Broker(patient) as broker, Wire(broker.port) as slow:
            port = broker.port
            slow.connect("slow")
            slow.subscribe(("t", 0))
            with Wire(port) as writer:
                writer.connect("writer")
                for _ in range(32):
                    writer.send(wire.publish("t", b"x" * 500_000))
                writer.send(b"\xc0\0")
                writer.expect(wire.PINGRESP)
            # They may still be on their way from one shard to the other.
            wait_until(lambda: Metrics(watch)["copies_made_total"] == 32, "32 copies")
            early = Wire(port)  # accepted, and says nothing
            self.addCleanup(early.close)
            broker.signal(signal.SIGTERM)
            broker.wait_for("broker.stopping")
            self.assertEqual(early.wait_for_end(), b"")
            early.close()
            wait_until(lambda: self.is_refused(port), "a listener that is closed")
            self.assertIsNone(broker.process.poll(), "it waits for the slow one")
            for _ in range(32):
                self.assertEqual(len(slow.receive_publish()[1]), 500_000)
            self.assertEqual(slow.wait_for_end(), b"")
            slow.close()
            broker.wait(expect=0)

    @staticmethod
    def is_refused(port):
        with socket.socket() as one:
            return one.connect_ex(("127.0.0.1", port)) == errno.ECONNREFUSED


class Presence(unittest.TestCase):
    """Wills over a kill: each client has a retained "on", and "off" as its will."""

    GRACE_S = 5 + CROWD // 100

    def test_who_does_not_come_back_is_told_once(self):
        raise_file_limit()
        count = CROWD // 2
        config = {"shards": 2, "protocol": {"will_grace_after_restart": f"{self.GRACE_S}s"}}
        with Broker(config) as broker:
            members = self.bring(broker, range(count))
            broker.kill()
            for one in members:
                one.close()
            broker.again()
            begin = time.monotonic()
            back = self.bring(broker, range(0, count, 2))
            watcher, before = self.watch(broker, count)
            if time.monotonic() - begin >= self.GRACE_S:
                self.skipTest("this machine is too slow to bring them back within the grace")
            gone = {f"presence/member-{i}": b"off" for i in range(1, count, 2)}
            with watcher:
                self.assertEqual(set(before.values()), {b"on"}, "the grace is not over")
                told = [watcher.receive_publish(self.GRACE_S + wire.DEADLINE_S) for _ in gone]
                self.assertEqual(sorted(told), sorted(gone.items()))
            for one in back:
                one.send(wire.packet(0xE0))
                self.assertIsNotNone(one.wait_for_end())
            # The will of one more client comes when the grace after another restart is over.
            with Wire(broker.port) as canary:
                canary.connect("canary", will=("presence/", b"canary", 1, False))
                broker.kill()
            broker.again()
            watcher, now = self.watch(broker, count)
            with watcher:
                self.assertEqual(now, {**before, **gone})
                self.assertEqual(watcher.receive_publish(self.GRACE_S + wire.DEADLINE_S),
                                 ("presence/", b"canary"))
                with Wire(broker.port) as last:
                    last.connect("last")
                    last.send(wire.publish("presence/", b"last", 1, 1))
                self.assertEqual(watcher.receive_publish(), ("presence/", b"last"))

    def bring(self, broker, numbers):
        port = broker.port
        everybody = come_together(Member(port, i, topic="presence", retain=True)
                                  for i in numbers)
        for one in everybody:
            self.addCleanup(one.close)
            properties = b"\0" if one.version == "5" else b""
            one.send(wire.publish("presence/" + one.name, properties + b"on", 1, 1, True))
        for one in everybody:
            one.expect(PUBACK)
        return everybody

    def watch(self, broker, count):
        """A watcher of all, and what it found retained."""
        watcher = Wire(broker.port)
        self.addCleanup(watcher.close)
        watcher.connect("watcher")
        watcher.subscribe(("presence/#", 1))
        return watcher, dict(watcher.receive_publish() for _ in range(count))


if __name__ == "__main__":
    unittest.main()
