"""Malformed, oversized and misplaced packets through real sockets, while a bystander works on."""

import struct
import threading
import unittest

import clients_wire as wire
from clients_balance import BalancedBroker
from clients_wire import Wire, packet, text
from harness import parse_fields

V31, V311 = "3.1", "3.1.1"
# Statements of a standard, or their section; and a limit of the configuration.
RULE = r"^(( |^)(v31 (M31-[a-z0-9-]+|[\d.]+)|(v311|v5) (MQTT-)?\d[\d.-]*))+$"
KEY = r"connection\.\w+_max"


def raw_connect(name=b"MQTT", level=4, flags=2, keep_alive=0, payload=None):
    body = text(name) + bytes([level, flags]) + struct.pack(">H", keep_alive)
    return packet(0x10, body + (text("evil") if payload is None else payload))


def ack(first_byte, packet_id=1):
    return packet(first_byte, struct.pack(">H", packet_id))


# Before any CONNECT: the bytes, and what the log must say of them (in `rule` or `what`).
STRANGERS = {
    "another protocol": b"GET / HTTP/1.1\r\nHost: broker\r\n\r\n",
    "TLS to a plain port": bytes.fromhex("16030100c8010000c40303") + bytes(64),
    "PINGREQ first": packet(0xC0),
    "PUBLISH first": wire.publish("t", b"x"),
    "type 0": packet(0x00),
    "type 15": packet(0xF0),
    "CONNECT with flags": packet(0x11, raw_connect()[2:]),
    "a remaining length of five bytes": b"\x10\xff\xff\xff\xff\x01",
    "a CONNECT of 256 MiB": b"\x10\xff\xff\xff\x7f",
    "a CONNECT above connect_bytes_max": b"\x10" + wire.remaining_length(65536 + 100),
    "an empty CONNECT": packet(0x10),
    "a truncated protocol name": packet(0x10, b"\0\4MQ"),
    "a wrong protocol name": raw_connect(name=b"MQTX"),
    "the reserved connect flag": raw_connect(flags=3),
    "a will of QoS 3": raw_connect(flags=0x1E, payload=text("e") + text("w") + text("m")),
    "will QoS without a will": raw_connect(flags=0x0A),
    "will retain without a will": raw_connect(flags=0x22),
    "a password without a user name": raw_connect(flags=0x42, payload=text("e") + text("p")),
    "a missing will": raw_connect(flags=0x06),
    "a missing user name": raw_connect(flags=0x82),
    "a will topic with a wildcard": raw_connect(flags=6, payload=text("e") + text("a/#") + b"\0\0"),
    "a client id longer than the packet": raw_connect(payload=b"\xff\xff" + b"evil"),
    "a client id that is not UTF-8": raw_connect(payload=text(b"\xc3\x28")),
    "a client id with a NUL": raw_connect(payload=text(b"e\0vil")),
    "bytes behind the CONNECT's payload": raw_connect(payload=text("evil") + b"more"),
}

# After CONNACK.
GUESTS = {
    "a second CONNECT": raw_connect(),
    "CONNACK": packet(0x20, b"\0\0"),
    "SUBACK": packet(0x90, b"\0\1\0"),
    "UNSUBACK": ack(0xB0),
    "PINGRESP": packet(0xD0),
    "type 0": packet(0x00),
    "type 15": packet(0xF0),
    "PUBLISH of QoS 3": packet(0x36, text("t") + b"\0\1x"),
    "PUBLISH without a topic": packet(0x30),
    "PUBLISH with an empty topic": wire.publish("", b"x"),
    "PUBLISH with a topic longer than the packet": packet(0x30, b"\x40\0t"),
    "PUBLISH to a wildcard": wire.publish("a/+/b", b"x"),
    "PUBLISH to #": wire.publish("#", b"x"),
    "PUBLISH to a NUL": wire.publish("a\0b", b"x"),
    "PUBLISH to a surrogate": wire.publish(b"\xed\xa0\x80", b"x"),
    "PUBLISH to an overlong slash": wire.publish(b"\xc0\xaf", b"x"),
    "PUBLISH with packet id 0": wire.publish("t", b"x", qos=1, packet_id=0),
    "PUBLISH without its packet id": packet(0x32, text("t")),
    "PUBLISH with 200 levels": wire.publish("/" * 200, b"x"),
    "PUBLISH above packet_bytes_max": b"\x30" + wire.remaining_length(16 * 1024 * 1024 + 1),
    "a remaining length of five bytes": b"\x30\x80\x80\x80\x80\x01",
    "PUBACK with id 0": ack(0x40, 0),
    "PUBACK of one byte": packet(0x40, b"\1"),
    "PUBREL with id 0": ack(0x62, 0),
    "SUBSCRIBE without a filter": packet(0x82, b"\0\1"),
    "SUBSCRIBE with packet id 0": wire.subscribe(0, ("t", 0)),
    "SUBSCRIBE of QoS 3": wire.subscribe(1, ("t", 3)),
    "SUBSCRIBE to an empty filter": wire.subscribe(1, ("", 0)),
    "SUBSCRIBE to a#": wire.subscribe(1, ("a#", 0)),
    "SUBSCRIBE to #/a": wire.subscribe(1, ("#/a", 0)),
    "SUBSCRIBE to a+": wire.subscribe(1, ("a+/b", 0)),
    "SUBSCRIBE without its QoS": packet(0x82, b"\0\1" + text("t")),
    "UNSUBSCRIBE without a filter": packet(0xA2, b"\0\1"),
    "UNSUBSCRIBE from a#": packet(0xA2, b"\0\1" + text("a#")),
    "PINGREQ with a body": packet(0xC0, b"x"),
    "DISCONNECT with a body": packet(0xE0, b"x"),
}

# Wrong in 3.1.1 only: MQTT 3.1 does not use these bits.
STRICT_GUESTS = {
    "PUBACK with flags": ack(0x41),
    "PUBREL without its flag": ack(0x60),
    "SUBSCRIBE without its flag": packet(0x80, b"\0\1" + text("t") + b"\0"),
    "UNSUBSCRIBE without its flag": packet(0xA0, b"\0\1" + text("t")),
    "PINGREQ with flags": packet(0xC1),
    "DISCONNECT with flags": packet(0xE1),
    "DUP with QoS 0": packet(0x38, text("t") + b"x"),
}


class Bystander:
    """Publishes and receives all the time; every message must arrive, in order."""

    def __init__(self, port):
        self._sub, self._pub = Wire(port), Wire(port)
        self._sub.connect("bystander-in")
        self._sub.subscribe(("bystander", 1))
        self._pub.connect("bystander-out")
        self._stop = threading.Event()
        self.round_trips = 0
        self.fault = None
        self._thread = threading.Thread(target=self._work, daemon=True)
        self._thread.start()

    def _work(self):
        try:
            while not self._stop.is_set():
                payload = str(self.round_trips).encode()
                self._pub.send(wire.publish("bystander", payload, qos=1))
                if self._sub.receive_publish() != ("bystander", payload):
                    raise AssertionError(f"message {self.round_trips} did not come")
                self._pub.expect(wire.PUBACK)
                self.round_trips += 1
        except (AssertionError, OSError) as fault:
            self.fault = fault

    def finish(self):
        self._stop.set()
        self._thread.join(wire.DEADLINE_S)
        self._sub.close()
        self._pub.close()
        if self.fault:
            raise self.fault
        return self.round_trips


class Hostile(unittest.TestCase):
    def test_bad_bytes_end_their_connection_and_nothing_else(self):
        for shards in (1, 8):
            with self.subTest(shards=shards), BalancedBroker({"shards": shards}) as broker:
                bystander = Bystander(broker.port)
                for name, data in STRANGERS.items():
                    self.attack(broker, name, None, data)
                for version in (V31, V311):
                    for name, data in GUESTS.items():
                        self.attack(broker, name, version, data)
                for name, data in STRICT_GUESTS.items():
                    self.attack(broker, name, V311, data)
                self.assertGreater(bystander.finish(), 10)

    def attack(self, broker, name, version, data):
        with self.subTest(name, version=version), Wire(broker.port) as evil:
            if version:
                evil.connect("evil", version=version)
            evil.send(data)
            answer = evil.wait_for_end()
            self.assertIsNotNone(answer, "the broker did not close the connection")
            # Nothing at all, or before the end of a handshake a CONNACK that refuses.
            if answer:
                self.assertIsNone(version, answer)
                self.assertEqual((answer[:3], len(answer)), (b"\x20\x02\x00", 4))
                self.assertIn(answer[3], range(1, 6))
            line = broker.wait_for("client.disconnected", peer=evil.address)
            fields = parse_fields(line)
            self.assertIn(fields["reason"], ("protocol_error", "packet_too_large", "refused"))
            self.assertTrue(fields.get("what"), line)
            if fields["reason"] != "packet_too_large" and "connection." not in fields["what"]:
                self.assertRegex(fields["rule"], RULE, line)
            else:
                self.assertRegex(fields["what"], KEY, line)

    def test_a_filter_that_cannot_be_granted_is_refused_alone(self):
        with BalancedBroker({"shards": 8}) as broker, Wire(broker.port) as c:
            c.connect("modest")
            codes = c.subscribe(("$share/group", 1), ("$share/+/t", 1), ("fine", 1))
            self.assertEqual(codes, b"\x80\x80\x01")
            for name in ("$share/group", "$share/+/t"):
                line = broker.wait_for("subscribe.refused", client="modest", filter=name)
                self.assertRegex(parse_fields(line)["rule"], RULE)

    def test_bytes_in_pieces_are_no_offence(self):
        with BalancedBroker({"shards": 8}) as broker, Wire(broker.port) as slow:
            for byte in wire.connect("slow") + wire.subscribe(1, ("t", 1)) + \
                    wire.publish("t", b"in pieces", qos=1, packet_id=7):
                slow.send(bytes([byte]))
            slow.expect(wire.CONNACK)
            kinds = sorted(slow.receive()[0] >> 4 for _ in range(3))
            self.assertEqual(kinds, [wire.PUBLISH, wire.PUBACK, wire.SUBACK])
            slow.send(packet(0xE0))
            self.assertEqual(slow.wait_for_end(), b"")

    def test_a_flood_of_half_open_connections_hurts_nobody(self):
        with BalancedBroker({"shards": 8, "connection": {"connect_timeout": "2s"}}) as broker:
            bystander = Bystander(broker.port)
            halves = [Wire(broker.port) for _ in range(300)]
            for i, half in enumerate(halves):
                half.send(wire.connect("half")[:i % 14])
            broker.wait_for("client.disconnected", reason="connect_timeout", count=len(halves))
            for half in halves:
                half.close()
            self.assertGreater(bystander.finish(), 0)


if __name__ == "__main__":
    unittest.main()
