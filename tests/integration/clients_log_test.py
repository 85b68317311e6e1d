"""One line in the log for each connect and each disconnect, with the client, its address, and the
reason as it really was."""

import unittest

import clients_wire as wire
from clients_balance import BalancedBroker
from clients_wire import Wire
from harness import parse_fields


class ConnectionLog(unittest.TestCase):
    def check(self, broker, address, client, reason):
        """Exactly one line of each kind, and what they say."""
        broker.wait_for("client.disconnected", peer=address)
        came = broker.lines("client.connected", peer=address)
        went = broker.lines("client.disconnected", peer=address)
        self.assertEqual((len(came), len(went)), (0 if reason == "refused" else bool(client), 1))
        fields = parse_fields(went[0])
        self.assertEqual((fields["client"], fields["reason"]), (client, reason))
        for line in came:
            self.assertEqual(parse_fields(line)["client"], client)
        return fields

    def test_every_end_has_its_reason(self):
        for shards in (1, 8):
            with self.subTest(shards=shards), BalancedBroker({"shards": shards}) as broker:
                self.ends(broker)

    def ends(self, broker):
        for version in ("3.1", "3.1.1"):
            with Wire(broker.port) as c:
                c.connect("polite", version=version)
                c.send(wire.packet(0xE0))
                self.assertEqual(c.wait_for_end(), b"")
                self.check(broker, c.address, "polite", "client_disconnected")

            with Wire(broker.port) as c:
                c.connect("hasty", version=version)
                address = c.address
            self.check(broker, address, "hasty", "client_closed")

            c = Wire(broker.port)
            c.connect("torn", version=version)
            address = c.address
            c.reset()
            self.check(broker, address, "torn", "connection_lost")

            with Wire(broker.port) as c:
                c.connect("silent", version=version, keep_alive=1)
                self.assertEqual(c.wait_for_end(), b"")
                self.check(broker, c.address, "silent", "keep_alive_timeout")

            with Wire(broker.port) as first, Wire(broker.port) as second:
                first.connect("twin", version=version)
                second.connect("twin", version=version)
                self.assertEqual(first.wait_for_end(), b"")
                self.check(broker, first.address, "twin", "taken_over")
                second.send(wire.packet(0xE0))
                self.check(broker, second.address, "twin", "client_disconnected")

            with Wire(broker.port) as c:
                c.connect("rude", version=version)
                c.send(wire.packet(0xF0))
                self.assertEqual(c.wait_for_end(), b"")
                fields = self.check(broker, c.address, "rude", "protocol_error")
                self.assertTrue(fields["rule"])
                self.assertTrue(fields["what"])

    def test_a_refused_connect_names_the_rule(self):
        strict = {"shards": 8, "protocol": {"mqtt31": {"client_id_chars_max": 23}},
                  "connection": {"keep_alive_max": "60s"}}
        cases = [("", wire.connect("", version="3.1"), 2, "v31 M31-id-3"),
                 ("", wire.connect("", clean=False), 2, "v311 MQTT-3.1.3-8"),
                 ("x" * 24, wire.connect("x" * 24, version="3.1", keep_alive=1), 2,
                  "protocol.mqtt31.client_id_chars_max"),
                 ("slow", wire.connect("slow", keep_alive=61), 3, "connection.keep_alive_max"),
                 ("five", self.connect_of_level(5, b"\x04\x15\x00\x01x" + wire.text("five")), 0x8C,
                  "v5 MQTT-4.12.0-1"),
                 ("", self.connect_of_level(6, wire.text("six")), 1, "MQTT-3.1.2-2")]
        with BalancedBroker(strict) as broker:
            for client, packet, code, rule in cases:
                with self.subTest(rule=rule), Wire(broker.port) as c:
                    c.send(packet)
                    answer = c.wait_for_end()
                    self.assertEqual((answer[0], answer[3]), (0x20, code))
                    fields = self.check(broker, c.address, client, "refused")
                    self.assertIn(rule, fields["what"] + " " + fields["rule"])

    @staticmethod
    def connect_of_level(level, rest):
        return wire.packet(0x10, wire.text("MQTT") + bytes([level, 2, 0, 0]) + rest)

    def test_a_client_that_says_nothing(self):
        with BalancedBroker({"connection": {"connect_timeout": "1s"}}) as broker:
            with Wire(broker.port) as c:
                self.assertEqual(c.wait_for_end(), b"")
                self.check(broker, c.address, "", "connect_timeout")


if __name__ == "__main__":
    unittest.main()
