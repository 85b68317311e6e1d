"""Limits of the real broker: what a client sees at each, and what an operator sees."""

import resource
import select
import socket
import struct
import time
import unittest

from clients_wire import (CONNACK, DISCONNECT, PUBACK, PUBREC, Wire, packet, publish,
                          remaining_length, text)
from daemon_http_test import free_port, get, value
from harness import Broker, loopback_listener, resident_kib, write_config
from raw_client import connect_packet
from scale import MEMORY_FACTOR
from tls_world import Authority

DEADLINE_S = 60
QUOTA_EXCEEDED = 0x97


def refused(port, reason):
    return value(get(port, "/metrics")[1], f'godwit_connections_refused_total{{reason="{reason}"}}')


class Five(Wire):
    """A client of MQTT 5, by hand."""

    def __init__(self, port, client_id):
        super().__init__(port)
        self.send(packet(0x10, text("MQTT") + b"\x05\x02\0\0\0" + text(client_id)))
        self.connack = self.expect(CONNACK)

    def publish(self, topic, payload=b"x", qos=1, packet_id=1, retain=False, properties=b""):
        head = text(topic) + (struct.pack(">H", packet_id) if qos else b"")
        self.send(packet(0x30 | qos << 1 | retain,
                         head + remaining_length(len(properties)) + properties + payload))

    def code(self, kind):
        """Of the next acknowledgement; without one it is 0."""
        body = self.expect(kind)
        return body[2] if len(body) > 2 else 0


class Test(unittest.TestCase):
    def opened(self, client):
        self.addCleanup(client.socket.close)
        return client

    def five(self, port, client_id="five"):
        return self.opened(Five(port, client_id))

    def old(self, port, client_id="old"):
        client = self.opened(Wire(port))
        client.connect(client_id)
        return client


class ConnectRate(Test):
    def dial(self, port, source="127.0.0.1"):
        one = socket.create_connection(("127.0.0.1", port), timeout=DEADLINE_S,
                                       source_address=(source, 0))
        self.addCleanup(one.close)
        return one

    def is_let_in(self, port, first=b"", source="127.0.0.1"):
        """Whether the broker answers a CONNECT; a refused connection has no byte and ends."""
        one = self.dial(port, source)
        try:
            one.sendall(first + connect_packet("c" + source + str(one.getsockname()[1])))
            answer = one.recv(4)
        except (ConnectionResetError, BrokenPipeError):
            return False
        self.assertIn(answer, (b"", b"\x20\x02\0\0"))
        return bool(answer)

    def test_of_one_address(self):
        watch = free_port()
        slow = {"connect_rate": {"address_max": 1, "burst": "3s"}}
        config = {"shards": 4, "http": {"port": watch},
                  "listeners": [loopback_listener(**slow), loopback_listener(name="free")]}
        with Broker(config) as broker:
            first, free = broker.ports()
            begin = time.monotonic()
            tries = [self.is_let_in(first) for _ in range(40)]
            took = time.monotonic() - begin
            self.assertTrue(all(tries[:3]))
            self.assertLessEqual(sum(tries), 4 + took)
            self.assertEqual(refused(watch, "address_rate"), 40 - sum(tries))
            line = broker.wait_for("listener.too_fast", listener="default")
            self.assertIn("connect_rate.address_max", line)
            # Each of the four shards tells one in ten seconds.
            self.assertLessEqual(len(broker.lines("listener.too_fast")), 4 * (1 + took / 10))
            self.assertTrue(self.is_let_in(first, source="127.0.0.2"), "another address")
            self.assertTrue(all(self.is_let_in(free) for _ in range(10)), "another listener")
            end = time.monotonic() + DEADLINE_S
            while not self.is_let_in(first):
                self.assertLess(time.monotonic(), end, "it is never let in again")

    def test_of_everybody_before_tls(self):
        authority = Authority()
        self.addCleanup(authority.close)
        watch = free_port()
        config = {"http": {"port": watch},
                  "listeners": [loopback_listener(tls=authority.tls(),
                                                  connect_rate={"all_max": 1, "burst": "2s"})]}
        with Broker(config) as broker:
            ends = [self.dial(broker.port, f"127.0.0.{host}") for host in range(1, 21)]
            broker.wait_for("listener.too_fast")
            # Who was let in is waited for; nothing came of TLS to the others.
            ended, _, _ = select.select(ends, [], [], DEADLINE_S)
            self.assertTrue(ended)
            for one in ended:
                self.assertEqual(one.recv(1), b"")
            self.assertGreater(refused(watch, "listener_rate"), 0)
            self.assertIn("connect_rate.all_max", broker.lines("listener.too_fast")[0])

    def test_behind_a_proxy_counts_who_is_behind_it(self):
        watch = free_port()
        config = {"http": {"port": watch},
                  "listeners": [loopback_listener(proxy_protocol={"from": "127.0.0.1"},
                                                  connect_rate={"address_max": 1, "burst": "1s"})]}
        with Broker(config) as broker:
            def header(host):
                return f"PROXY TCP4 192.0.2.{host} 127.0.0.1 4000 1883\r\n".encode()

            self.assertTrue(all(self.is_let_in(broker.port, header(host)) for host in range(1, 9)))
            end = time.monotonic() + DEADLINE_S
            while self.is_let_in(broker.port, header(100)):
                self.assertLess(time.monotonic(), end)
            broker.wait_for("connection.refused", peer="192.0.2.100:4000",
                            why="its address connects too fast (connect_rate.address_max)")
            self.assertGreaterEqual(refused(watch, "address_rate"), 1)


class PublishRate(Test):
    def test_a_fast_client_is_slowed_and_not_closed(self):
        rate, count = 50, 200
        watch = free_port()
        with Broker({"http": {"port": watch},
                     "connection": {"publishes_per_second_max": rate}}) as broker:
            for make in (self.five, self.old):
                client = make(broker.port)
                is_five = isinstance(client, Five)
                begin = time.monotonic()
                for i in range(1, count + 1):
                    if is_five:
                        client.publish("t", packet_id=i)
                    else:
                        client.send(publish("t", b"x", 1, i))
                for i in range(1, count + 1):
                    self.assertEqual(client.expect(PUBACK)[:2], struct.pack(">H", i))
                least = (count - rate - 1) / rate
                self.assertGreater(time.monotonic() - begin, 0.9 * least)
                broker.wait_for("client.slowed", client="five" if is_five else "old",
                                key="connection.publishes_per_second_max")
                client.send(b"\xc0\0")
                self.assertEqual(client.expect(13), b"")
            self.assertGreater(value(get(watch, "/metrics")[1],
                                     "godwit_slowed_by_publish_rate_total"), 10)

    def test_its_bytes_stay_in_the_network(self):
        with Broker({"connection": {"publish_bytes_per_second_max": "64KiB"}}) as broker:
            flood, other = self.old(broker.port, "flood"), self.old(broker.port, "other")
            before = resident_kib(broker.pid)
            data = publish("t", b"x" * 1000) * 64
            flood.socket.setblocking(False)
            sent = 0
            while sent < 256 << 20:
                # A second without a free byte: TCP holds it back.
                if not select.select([], [flood.socket], [], 1)[1]:
                    break
                try:
                    sent += flood.socket.send(data[sent % len(data):])
                except BlockingIOError:
                    pass
            print(f"\nsent {sent >> 10} KiB before TCP made it wait, "
                  f"the broker grew by {resident_kib(broker.pid) - before} KiB")
            self.assertLess(sent, 64 << 20)
            self.assertLess(resident_kib(broker.pid) - before, 16 << 10)
            self.assertEqual(broker.lines("client.disconnected"), [])
            begin = time.monotonic()
            other.send(b"\xc0\0")
            other.expect(13)
            self.assertLess(time.monotonic() - begin, 5)
            flood.socket.close()


class UserProperties(Test):
    def test_too_many_are_refused_by_name(self):
        with Broker({"connection": {"user_properties_max": 10}}) as broker:
            client = self.five(broker.port)
            one = b"\x26" + text("k") + text("v")
            client.publish("t", packet_id=1, properties=one * 10)
            self.assertEqual(client.code(PUBACK), 0x10)
            client.publish("t", packet_id=2, properties=one * 11)
            answer = client.expect(PUBACK)
            self.assertEqual(answer[2], QUOTA_EXCEEDED)
            self.assertIn(b"connection.user_properties_max", answer)
            broker.wait_for("publish.refused", client="five", topic="t",
                            key="connection.user_properties_max")
            client.send(packet(0x82, b"\0\3" + bytes([7 * 11]) + one * 11 + text("t") + b"\0"))
            goodbye = client.expect(DISCONNECT)
            self.assertEqual(goodbye[0], QUOTA_EXCEEDED)
            broker.wait_for("client.disconnected", client="five", reason="resources")


class Retained(Test):
    def test_a_full_broker_refuses_or_delivers_without_keeping(self):
        watch = free_port()
        config = {"shards": 4, "http": {"port": watch}, "retained": {"count_max": 20}}
        with Broker(config) as broker:
            self.fill_and_try(broker, watch)
            broker.stop()
            broker.again()
            five = self.five(broker.port)
            five.publish("another", packet_id=1, retain=True)
            self.assertEqual(five.code(PUBACK), QUOTA_EXCEEDED)
            count = value(get(watch, "/metrics")[1], "godwit_retained_messages_of_clients")
            self.assertEqual(count, 20)

    def fill_and_try(self, broker, watch):
        five, old = self.five(broker.port), self.old(broker.port)
        all_of_it = self.old(broker.port, "all")
        all_of_it.subscribe(("full/#", 0))
        for i in range(20):
            five.publish(f"t/{i}", packet_id=i + 1, retain=True)
            self.assertEqual(five.code(PUBACK), 0x10)
        five.publish("full/1", packet_id=30, retain=True)
        self.assertEqual(five.code(PUBACK), QUOTA_EXCEEDED)
        five.publish("full/2", qos=2, packet_id=31, retain=True)
        self.assertEqual(five.code(PUBREC), QUOTA_EXCEEDED)
        broker.wait_for("retained.full", key="retained.count_max")
        old.send(publish("full/3", b"old", 1, 1, True))
        old.expect(PUBACK)
        self.assertEqual(all_of_it.receive_publish(), ("full/3", b"old"))
        five.publish("t/7", b"other", packet_id=32, retain=True)
        self.assertEqual(five.code(PUBACK), 0x10)
        late = self.old(broker.port, "late")
        late.subscribe(("t/7", 0), ("full/#", 0))
        self.assertEqual(late.receive_publish(), ("t/7", b"other"))
        self.assertIsNone(late.receive_publish(timeout=1))
        text_of = get(watch, "/metrics")[1]
        self.assertEqual(value(text_of, "godwit_retained_not_kept_total"), 3)
        self.assertEqual(value(text_of, 'godwit_publish_refused_total{reason="retain_refused"}'), 2)


def own_memory(broker):
    """Bytes that the process has for itself, as memory_limit counts them."""
    with open(f"/proc/{broker.pid}/statm", encoding="ascii") as file:
        _, resident, of_files = map(int, file.read().split()[:3])
    return (resident - of_files) * resource.getpagesize()


class Memory(Test):
    def restart(self, broker, limit):
        broker.stop()
        write_config(broker.directory.name, {**broker.config, "memory_limit": limit})
        broker.again()

    def fill(self, broker):
        """Retained messages of 1 MiB until one is not answered; how many were."""
        p = self.old(broker.port, "p")
        p.socket.settimeout(5)
        for i in range(2_000):
            try:
                p.send(publish(f"r/{i}", bytes(1 << 20), 1, 1, True))
            except TimeoutError:
                return i
            if p.receive(5) is None:
                return i
        self.fail("memory_limit was never reached")

    def test_a_broker_near_its_limit_takes_in_less_and_loses_nothing(self):
        watch = free_port()
        with Broker({"shards": 2, "http": {"port": watch}}) as broker:
            # Three quarters of the limit are used by a broker without clients; with a shadow, half.
            used = own_memory(broker)
            limit = max(used * 2 if MEMORY_FACTOR > 1 else used * 4 // 3, 64 << 20)
            self.restart(broker, f"{limit >> 10}KiB")
            inside = self.old(broker.port, "inside")
            acknowledged = self.fill(broker)
            self.assertGreater(acknowledged, 0)
            for level in ("no_accepting", "slow_publishers"):
                broker.wait_for("memory.short", level=level)
            inside.send(packet(0xc0, b""))
            inside.expect(13)
            figures = get(watch, "/metrics")[1]
            self.assertGreaterEqual(value(figures, "godwit_memory_level"), 3)
            self.assertGreater(value(figures, "godwit_slowed_by_memory_total"), 0)
            self.assertEqual(value(figures, "godwit_memory_limit_bytes"), limit >> 10 << 10)
            self.assertGreater(value(figures, 'godwit_memory_bytes{kind="retained"}'),
                               (acknowledged - 5) << 20)
            outside = self.opened(Wire(broker.port))
            outside.send(connect_packet("outside"))
            self.assertFalse(select.select([outside.socket], [], [], 1)[0])
            broker.wait_for("listener.memory_short")
            self.restart(broker, "auto")
            reader = self.old(broker.port, "reader")
            reader.subscribe(("r/#", 0))
            found = [reader.receive_publish() for _ in range(acknowledged)]
            found.append(reader.receive_publish(timeout=1))  # perhaps the one without an answer
            self.assertGreaterEqual({one[0] for one in found if one},
                                    {f"r/{i}" for i in range(acknowledged)})


if __name__ == "__main__":
    unittest.main()
