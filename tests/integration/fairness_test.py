"""Clients that are a burden, one kind at a time, while others go on with their work.

GODWIT_MANY: how many subscriptions, or retained messages, one of them has; GODWIT_SECONDS: how long
each burden is watched; GODWIT_P99_MS: what the others' messages may take.
"""

import itertools
import socket
import struct
import threading
import unittest

import clients_wire as wire
from clients_wire import PINGRESP, PUBACK, PUBLISH, SUBACK, UNSUBACK, Wire
from harness import Broker
from scale import IS_SANITIZED, end_bench, raise_file_limit, size, start_bench

MANY = size("GODWIT_MANY", 20_000)
SECONDS = size("GODWIT_SECONDS", 3)
P99_MS = size("GODWIT_P99_MS", 2_000 if IS_SANITIZED else 10)
SLASHES = "/" * 65_535


class Burden(threading.Thread):
    """One client, or what stands for it, that does the same thing again and again until it is
    stopped, and counts how often."""

    def __init__(self, port):
        super().__init__(daemon=True)
        self.port, self.rounds, self.fault = port, 0, None
        self.numbers = itertools.count()  # a client id is not taken over again and again
        self.over = threading.Event()
        self.prepare()
        self.start()

    def prepare(self):
        self.wire = Wire(self.port)
        self.wire.connect(f"{type(self).__name__}-{next(self.numbers)}")

    def run(self):
        try:
            while not self.over.is_set():
                self.round()
                self.rounds += 1
        except Exception as fault:  # told by the test's thread
            self.fault = fault

    def end(self):
        self.over.set()
        self.join(wire.DEADLINE_S)
        self.wire.close()
        if self.fault:
            raise self.fault
        return self.rounds

    def until(self, kind):
        """Reads and forgets until a packet of this kind."""
        while (got := self.wire.receive())[0] >> 4 != kind:
            pass
        return got[1]


class PublishesAtFullSpeed(Burden):
    """A reader takes it all. A round is a thousand messages and one answer."""

    def prepare(self):
        super().prepare()
        self.reader = Wire(self.port)
        self.reader.connect("reader-of-all")
        self.reader.subscribe(("flood", 0))
        self.chunk = wire.publish("flood", b"x" * 64) * 1_000
        threading.Thread(target=self.read, daemon=True).start()

    def read(self):
        try:
            while self.reader.socket.recv(1 << 20):
                pass
        except OSError:
            pass  # closed

    def round(self):
        for _ in range(20):
            self.wire.send(self.chunk)
        self.wire.send(b"\xc0\0")
        self.wire.expect(PINGRESP)

    def end(self):
        try:
            return super().end()
        finally:
            self.reader.socket.shutdown(socket.SHUT_RDWR)
            self.reader.close()


class PublishesAtFullSpeedWithAnswers(Burden):
    def prepare(self):
        super().prepare()
        self.chunk = b"".join(wire.publish("flood/1", b"x" * 64, 1, i) for i in range(1, 501))

    def round(self):
        self.wire.send(self.chunk)
        for _ in range(500):
            self.wire.expect(PUBACK)


class HasManySubscriptions(Burden):
    """It comes, subscribes, and leaves with all of them."""

    EACH = 2_000

    def prepare(self):
        filters = [(f"many/{i % 100}/{'+' if i % 3 else i}/{i}", 1) for i in range(MANY)]
        self.packets = [wire.subscribe(1, *filters[i:i + self.EACH])
                        for i in range(0, MANY, self.EACH)]
        self.wire = None

    def round(self):
        if self.wire:
            self.wire.close()
        super().prepare()
        for one in self.packets:
            self.wire.send(one)
        for _ in self.packets:
            self.until(SUBACK)


class HasManySubscriptionsAtOnce(HasManySubscriptions):
    """The same in one packet."""

    EACH = MANY


class HasATopicOfSlashes(Burden):
    """Publishes to it, subscribes to it, has it as its will's topic."""

    def prepare(self):
        self.wire = None

    def round(self):
        for data in (wire.publish(SLASHES, b"x", 1, 1), wire.subscribe(1, (SLASHES, 1)),
                     wire.subscribe(2, ("+" + SLASHES[:65_533] + "#", 1))):
            if self.wire:
                self.wire.close()
            super().prepare()
            self.wire.send(data)
            self.wire.send(b"\xc0\0")
            self.wire.receive()
        with Wire(self.port) as one:
            one.send(wire.connect("slashes", will=(SLASHES, b"x", 1, True)))
            one.receive()


class ReadsAllThatIsRetained(Burden):
    def prepare(self):
        super().prepare()
        for i in range(MANY):
            self.wire.send(wire.publish(f"kept/{i % 100}/{i}", b"x" * 64, 0, retain=True))
            if i % 1_000 == 999:
                self.wire.send(b"\xc0\0")
                self.wire.expect(PINGRESP)

    def round(self):
        self.wire.send(wire.subscribe(1, ("#", 0)))
        self.until(SUBACK)
        for _ in range(MANY):
            self.until(PUBLISH)
        self.wire.send(wire.packet(0xA2, struct.pack(">H", 2) + wire.text("#")))
        self.until(UNSUBACK)


class SubscribesAgainAndAgain(Burden):
    """To what the others use, too; each time the routes of all topics are found anew."""

    def round(self):
        for i in range(50):
            for name in ("bench/pair/0", "bench/+/1", "a/#", f"other/{i}"):
                self.wire.send(wire.subscribe(1, (name, i % 3)))
                self.until(SUBACK)
                self.wire.send(wire.packet(0xA2, struct.pack(">H", 2) + wire.text(name)))
                self.until(UNSUBACK)


class Fairness(unittest.TestCase):
    def watch(self, burden, config=None):
        raise_file_limit()
        with Broker({"shards": 2, **(config or {})}) as broker:
            one = burden(broker.port)
            found = end_bench(start_bench(
                "pairs", broker.port, "--publishers", 10, "--rate", 1_000, "--seconds", SECONDS))
            rounds = one.end()
        print(f"\n{burden.__name__}: {rounds} rounds; the others' p50 "
              f"{found['latency_us_p50'] / 1e3:.1f} ms, p99 {found['latency_us_p99'] / 1e3:.1f} ms,"
              f" longest {found['latency_us_max'] / 1e3:.1f} ms")
        self.assertGreater(rounds, 0)
        self.assertLess(found["latency_us_p99"], P99_MS * 1_000)

    def test_beside_one_that_publishes_at_full_speed(self):
        self.watch(PublishesAtFullSpeed)

    def test_beside_one_that_publishes_at_full_speed_with_answers(self):
        self.watch(PublishesAtFullSpeedWithAnswers)

    def test_beside_one_with_many_subscriptions(self):
        self.watch(HasManySubscriptions)

    def test_beside_one_that_makes_many_subscriptions_at_once(self):
        self.watch(HasManySubscriptionsAtOnce)

    def test_beside_one_with_a_topic_of_slashes(self):
        self.watch(HasATopicOfSlashes)

    def test_beside_one_with_a_topic_of_slashes_that_is_allowed(self):
        self.watch(HasATopicOfSlashes, {"connection": {"topic_levels_max": 65_535,
                                                       "connect_bytes_max": "1MiB"}})

    def test_beside_one_that_reads_all_that_is_retained(self):
        self.watch(ReadsAllThatIsRetained)

    def test_beside_one_that_subscribes_again_and_again(self):
        self.watch(SubscribesAgainAndAgain)


if __name__ == "__main__":
    unittest.main()
