"""A disk that fills up, and a store that is asked for twice.

The store lies on a small tmpfs, which takes root and mount(8); without them the tests of the full
disk are skipped. Promise: what was acknowledged is there, what cannot be kept is not acknowledged,
what is delivered makes room, and then the broker goes on by itself.
"""

import collections
import contextlib
import os
import pathlib
import struct
import subprocess
import tempfile
import time
import unittest

import clients_wire as wire
from clients_balance import BalancedBroker
from clients_wire import Wire
from harness import Broker

DISK_BYTES = 300 << 20
LOW_DISK = "60MiB"      # the ballast of 64 MiB comes on top
HOLD_S = 2
PAYLOAD_BYTES = 32 << 10
WINDOW = 20
DEADLINE_S = 120


class SmallDisk:
    """A tmpfs of its own for one test."""

    def __init__(self):
        self.path = tempfile.mkdtemp(prefix="godwit-disk-")
        done = subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={DISK_BYTES}", "tmpfs",
                               self.path], capture_output=True, text=True, check=False)
        if done.returncode != 0:
            os.rmdir(self.path)
            raise unittest.SkipTest("a small disk needs root and mount(8): " + done.stderr.strip())

    def remove(self):
        subprocess.run(["umount", self.path], check=True)
        os.rmdir(self.path)


def store_config(directory, **more):
    return {
        "shards": 2,
        "session": {"queue": {"bytes_max": "10GiB"}},
        "store": {"directory": str(directory), **more},
    }


class Publisher:
    """QoS 1 with a window; what is not acknowledged is sent again."""

    def __init__(self, client_id, topic, clean=False):
        self.client_id = client_id
        self.clean = clean
        self.topic = topic
        self.acked = []
        self.wire = None
        self._next = 0
        self._flying = collections.OrderedDict()    # packet id -> number

    def connect(self, port):
        self.close()
        self.wire = Wire(port)
        self.wire.connect(self.client_id, clean=self.clean)
        for packet_id, number in self._flying.items():
            self.wire.send(self._packet(packet_id, number, again=True))

    def close(self):
        if self.wire:
            self.wire.close()

    def run(self, seconds, until=None):
        """Publishes until the time is over, `until` acknowledgements have come, or the broker
        closes. True if it did close."""
        end = time.monotonic() + seconds
        while time.monotonic() < end and (until is None or len(self.acked) < until):
            while len(self._flying) < WINDOW:
                packet_id = self._next % 60_000 + 1
                self._flying[packet_id] = self._next
                try:
                    self.wire.send(self._packet(packet_id, self._next))
                except OSError:
                    return True
                self._next += 1
            try:
                got = self.wire.receive(0.2)
            except OSError:
                return True
            if got is None:
                if self.is_closed():
                    return True
                continue
            if got[0] >> 4 != wire.PUBACK:
                raise AssertionError(f"wanted a PUBACK, got {got}")
            self.acked.append(self._flying.pop(struct.unpack(">H", got[1])[0]))
        return False

    def is_closed(self):
        self.wire.socket.setblocking(False)
        try:
            return self.wire.socket.recv(1, 2) == b""     # MSG_PEEK
        except BlockingIOError:
            return False
        except OSError:
            return True
        finally:
            self.wire.socket.setblocking(True)

    def _packet(self, packet_id, number, again=False):
        payload = struct.pack(">Q", number) * (PAYLOAD_BYTES // 8)
        data = wire.publish(self.topic, payload, qos=1, packet_id=packet_id)
        return bytes([data[0] | 8]) + data[1:] if again else data


def subscribe_and_leave(port, client_id, topic):
    with Wire(port) as session:
        session.connect(client_id, clean=False)
        assert session.subscribe((topic, 1)) == b"\x01"
        session.send(wire.packet(wire.DISCONNECT << 4))
        session.wait_for_end()


def drain(port, client_id, until):
    """Takes the session's messages until one has the number `until`; their numbers, each once."""
    numbers = []
    seen = set()
    with Wire(port) as session:
        if session.connect(client_id, clean=False) != b"\x01\x00":
            raise AssertionError(f"{client_id} has no session")
        while until not in seen:
            got = session.receive_publish(DEADLINE_S)
            if got is None:
                raise AssertionError(f"{client_id} got {len(numbers)} messages and not {until}")
            payload = got[1]
            number = struct.unpack(">Q", payload[:8])[0]
            if payload != struct.pack(">Q", number) * (PAYLOAD_BYTES // 8):
                raise AssertionError(f"message {number} is not what was published")
            if number not in seen:
                numbers.append(number)
                seen.add(number)
    return numbers


class FullDiskTest(unittest.TestCase):
    def setUp(self):
        self.disk = SmallDisk()
        self.addCleanup(self.disk.remove)
        self.config = store_config(pathlib.Path(self.disk.path) / "store", low_disk=LOW_DISK,
                                   low_disk_hold=f"{HOLD_S}s", queue_memory="8MiB")

    def fill(self, broker, publisher):
        """Publishes to sessions that are away, until the broker acknowledges no more and closes."""
        publisher.connect(broker.port)
        self.assertTrue(publisher.run(DEADLINE_S), "the disk did not fill up")
        publisher.close()
        self.assertGreater(len(publisher.acked) * PAYLOAD_BYTES, 20 << 20, "full too early")

    def refused_things(self, broker):
        """While the disk is low: no new durable state of any kind."""
        with Wire(broker.port) as session:
            session.send(wire.connect("newcomer", clean=False))
            self.assertEqual(session.expect(wire.CONNACK), b"\x00\x03")
        with Wire(broker.port) as session:
            session.connect("away-0", clean=False)
            self.assertEqual(session.subscribe(("another/topic", 1)), b"\x80")

    def still_works(self, broker):
        """While the disk is low: what concerns nothing durable."""
        with Wire(broker.port) as listener, Wire(broker.port) as speaker:
            listener.connect("listener")
            speaker.connect("speaker")
            self.assertEqual(listener.subscribe(("passing/by", 1)), b"\x01")
            # At QoS 1 it would wait if the two are at home on different shards, of which one does
            # not know what the other would have to store.
            speaker.send(wire.publish("passing/by", b"hello"))
            self.assertEqual(listener.receive_publish(), ("passing/by", b"hello"))

    def check_all(self, numbers, publisher, who):
        missing = set(publisher.acked) - set(numbers)
        self.assertFalse(missing, f"{who} never got {len(missing)} acknowledged messages")
        self.assertEqual(numbers, sorted(numbers), f"{who} got them out of order")

    def recover(self, broker, publisher):
        """The sessions take what is there; then there is room, and everything is accepted again."""
        for client in ("away-0", "away-1"):
            self.check_all(drain(broker.port, client, publisher.acked[-1]), publisher, client)
        enough = len(publisher.acked) + 2 * WINDOW
        end = time.monotonic() + DEADLINE_S
        while len(publisher.acked) < enough:
            self.assertLess(time.monotonic(), end, "there is room, and nothing is acknowledged")
            publisher.connect(broker.port)
            publisher.run(DEADLINE_S, until=enough)
        publisher.close()
        for client in ("away-0", "away-1"):
            numbers = drain(broker.port, client, publisher.acked[-1])
            fresh = [n for n in publisher.acked if n in numbers]
            self.assertEqual(publisher.acked[-WINDOW:], fresh[-WINDOW:])
        subscribe_and_leave(broker.port, "newcomer", "another/topic")

    def test_refuses_then_recovers_by_itself(self):
        publisher = Publisher("filler", "full/x")
        with BalancedBroker(config=self.config, everybody_left=False) as broker:
            for client in ("away-0", "away-1"):
                subscribe_and_leave(broker.port, client, "full/#")
            self.fill(broker, publisher)
            self.refused_things(broker)
            self.still_works(broker)
            self.recover(broker, publisher)

    def test_nothing_is_lost_when_killed_while_full(self):
        publisher = Publisher("filler", "full/x")
        with Broker(config=self.config) as broker:
            for client in ("away-0", "away-1"):
                subscribe_and_leave(broker.port, client, "full/#")
            self.fill(broker, publisher)
            broker.kill()
        with BalancedBroker(config=self.config, everybody_left=False) as broker:
            self.recover(broker, publisher)

    def test_the_message_that_waits_is_held_for_a_while(self):
        publisher = Publisher("filler", "full/x")
        with Broker(config=self.config) as broker:
            subscribe_and_leave(broker.port, "away-0", "full/#")
            self.fill(broker, publisher)
            late = Publisher("late", "full/x", clean=True)    # no new session
            late.connect(broker.port)
            started = time.monotonic()
            self.assertTrue(late.run(DEADLINE_S))
            late.close()
            self.assertGreaterEqual(time.monotonic() - started, HOLD_S * 0.9)
            self.assertEqual(late.acked, [])


class TwoDaemonsTest(unittest.TestCase):
    def test_the_second_names_the_first(self):
        with tempfile.TemporaryDirectory(prefix="godwit-store-") as directory:
            config = store_config(pathlib.Path(directory) / "store")
            with Broker(config=config) as first:
                second = Broker(config=config)
                with contextlib.closing(contextlib.ExitStack()) as stack:
                    stack.callback(second.clean_up)
                    second.spawn()
                    self.assertNotEqual(second.wait(expect=None), 0)
                    lines = [line for line in second.log_text().splitlines()
                             if str(first.pid) in line]
                    self.assertEqual(len(lines), 1, second.log_text())
                    self.assertNotIn("broker.ready", second.log_text())
                # The first has not noticed anything.
                with Wire(first.port) as client:
                    client.connect("still-there", clean=False)

    def test_the_next_one_may_have_it(self):
        with tempfile.TemporaryDirectory(prefix="godwit-store-") as directory:
            config = store_config(pathlib.Path(directory) / "store")
            with Broker(config=config) as first:
                subscribe_and_leave(first.port, "session", "a/b")
                first.kill()
            with Broker(config=config) as next_one, Wire(next_one.port) as client:
                self.assertEqual(client.connect("session", clean=False), b"\x01\x00")


if __name__ == "__main__":
    unittest.main()
