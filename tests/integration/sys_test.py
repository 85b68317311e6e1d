"""$SYS as clients see it: mosquitto's names, the broker's own, and events of clients."""

import json
import pathlib
import tempfile
import unittest

import clients_wire as wire
from clients_wire import Wire
from harness import Broker
from raw_client import RawClient

# Every topic of mosquitto 2.0.
MOSQUITTO = """version uptime clients/total clients/maximum clients/disconnected clients/inactive
    clients/connected clients/active clients/expired messages/stored store/messages/count
    store/messages/bytes subscriptions/count shared_subscriptions/count messages/received
    messages/sent publish/messages/dropped publish/messages/received publish/messages/sent
    publish/bytes/received publish/bytes/sent bytes/received bytes/sent heap/current
    heap/maximum""".split()
LOADS = """messages/received messages/sent publish/dropped publish/received publish/sent
    bytes/received bytes/sent sockets connections""".split()


def read_publish(client):
    """The next PUBLISH of QoS 0: topic and payload."""
    first = client.read(1)[0]
    length = shift = 0
    while True:
        digit = client.read(1)[0]
        length |= (digit & 0x7F) << shift
        shift += 7
        if digit < 0x80:
            break
    body = client.read(length)
    assert first & 0xF6 == 0x30, hex(first)
    size = int.from_bytes(body[:2], "big")
    return body[2:2 + size].decode(), body[2 + size:]


class Topics(unittest.TestCase):
    def test_all_of_mosquittos_and_our_own(self):
        with Broker({"shards": 2, "sys": {"interval": "1s"}}) as broker:
            client = RawClient(broker.port, "watcher")
            client.subscribe("$SYS/#")
            wanted = {"$SYS/broker/" + name for name in MOSQUITTO}
            wanted |= {f"$SYS/broker/load/{rate}/{minutes}min" for rate in LOADS
                       for minutes in (1, 5, 15)}
            wanted |= {"$SYS/broker/retained messages/count", "$SYS/broker/godwit/store/state",
                       "$SYS/broker/godwit/shards/0/busy_us",
                       "$SYS/broker/godwit/shards/1/clients_connected",
                       "$SYS/broker/godwit/copies_dropped/queue_bytes"}
            seen = {}
            while wanted - set(seen):
                topic, value = read_publish(client)
                seen[topic] = value
            self.assertRegex(seen["$SYS/broker/uptime"], rb"^[0-9]+ seconds$")
            self.assertEqual(seen["$SYS/broker/godwit/store/state"], b"good")
            client.close()


class Rights(unittest.TestCase):
    """With a rule file `$SYS` is for those who are allowed to read it, and nobody's to write."""

    RULES = """rules:
  - deny: subscribe
    client: "*"
    topic: $SYS/broker/godwit/#
  - allow: subscribe
    client: operator
    topic: $SYS/#
  - allow: all
    topic: ["#", "a/#"]
"""

    def setUp(self):
        directory = tempfile.TemporaryDirectory(prefix="godwit-sys-")
        self.addCleanup(directory.cleanup)
        rules = pathlib.Path(directory.name, "rules.yaml")
        rules.write_text(self.RULES)
        self.config = {"shards": 2, "sys": {"interval": "1s"},
                       "authorization": {"rule_file": str(rules)}}

    def opened(self, broker, name):
        one = Wire(broker.port)
        self.addCleanup(one.close)
        one.connect(name)
        return one

    def test_is_read_by_those_who_may(self):
        with Broker(self.config) as broker:
            operator, phone = self.opened(broker, "operator"), self.opened(broker, "phone")
            for name in ("$SYS/#", "$SYS/broker/uptime", "$SYS/broker/+", "$SYS/broker/godwit/#"):
                self.assertEqual(phone.subscribe((name, 0)), b"\x80", name)
            self.assertEqual(phone.subscribe(("#", 0)), b"\0")
            self.assertEqual(operator.subscribe(("$SYS/#", 0)), b"\0")
            seen = set()
            while "$SYS/broker/uptime" not in seen or len(seen) < 50:
                seen.add(operator.receive_publish()[0])
            # The whole tree was asked for and a part of it is denied: that part is held back.
            self.assertEqual([topic for topic in seen if "/godwit/" in topic], [])
            self.assertEqual(operator.subscribe(("$SYS/broker/godwit/#", 0)), b"\x80")
            # Who subscribed to everything has had nothing of $SYS.
            phone.send(wire.publish("a/end", b"x"))
            self.assertEqual(phone.receive_publish(), ("a/end", b"x"))

    def test_is_written_by_nobody(self):
        rules = {"authorization": self.config["authorization"]}
        for more in ({}, rules):
            with self.subTest(rules=bool(more)), Broker({"sys": {"interval": 0}, **more}) as broker:
                operator, liar = self.opened(broker, "operator"), self.opened(broker, "liar")
                operator.subscribe(("$SYS/#", 0))
                liar.send(wire.publish("$SYS/broker/uptime", b"1", 1))
                broker.wait_for("publish.denied", client="liar")
                operator.send(wire.publish("$SYS/broker/version", b"mine"))
                broker.wait_for("publish.denied", client="operator")
                operator.subscribe(("a/#", 0))
                operator.send(wire.publish("a/end", b"x"))
                self.assertEqual(operator.receive_publish(), ("a/end", b"x"))


class Events(unittest.TestCase):
    def test_clients_that_come_and_go_are_told_to_who_asks(self):
        with Broker({"shards": 3, "sys": {"client_events": True, "interval": 0}}) as broker:
            everything = RawClient(broker.port, "everything")
            everything.subscribe("#")
            watcher = RawClient(broker.port, "watcher")
            watcher.subscribe("$SYS/broker/godwit/clients/+")
            other = RawClient(broker.port, "other")
            address = other.address
            other.disconnect()
            told = {}
            while len(told) < 2:
                topic, line = read_publish(watcher)
                event = json.loads(line)
                if event["client"] == "other":
                    told[topic.rsplit("/", 1)[1]] = event
            self.assertEqual((told["connected"]["peer"], told["connected"]["event"]),
                             (address, "client.connected"))
            self.assertEqual(told["disconnected"]["reason"], "client_disconnected")
            everything.publish("end", b"x")
            self.assertEqual(read_publish(everything), ("end", b"x"), "# does not match $SYS")
            for client in (everything, watcher):
                client.close()

    def test_they_are_off_by_default(self):
        with Broker({"sys": {"interval": 0}}) as broker:
            watcher = RawClient(broker.port, "watcher")
            watcher.subscribe("$SYS/#")
            RawClient(broker.port, "other").disconnect()
            broker.wait_for("client.disconnected", client="other")
            watcher.subscribe("a")  # its SUBACK is the next packet
            watcher.close()


if __name__ == "__main__":
    unittest.main()
