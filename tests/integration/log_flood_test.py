"""The log and what peers can make happen as often as they like: a few lines, and a count of the
rest."""

import pathlib
import socket
import tempfile
import time
import unittest

import clients_wire as wire
from clients_wire import Wire
from harness import Broker, loopback_listener, parse_fields
from scale import wait_until

# The broker's own limit, for each shard: so many lines of refusals at once, then one each tenth
# of a second.
BURST, PER_SECOND = 50, 10


class Flood(unittest.TestCase):
    def under(self, rules):
        """A broker with a rule file, and one shard, whose lines are counted."""
        directory = tempfile.TemporaryDirectory(prefix="godwit-flood-")
        self.addCleanup(directory.cleanup)
        path = pathlib.Path(directory.name, "rules.yaml")
        path.write_text("rules:\n" + rules)
        return Broker({"shards": 1, "authorization": {"rule_file": str(path)}})

    def flood(self, broker, event, cause, count, key="", each=1):
        """`cause(i)` makes `event` happen, `each` times: few lines come of it, and with those that
        `log.suppressed` stands for one for each time, but for those behind the last line."""
        began = time.monotonic()
        for number in range(count):
            cause(number)
        caused = count

        def all_are_told():
            """A line brings the count of those before it; the next one is allowed in a moment."""
            nonlocal caused
            if self.told(broker, event) > (caused - 1) * each:
                return True
            cause(caused)
            caused += 1
            return False
        wait_until(all_are_told, "a line or a count for each")
        lines = broker.lines(event)
        self.assertLessEqual(len(lines), BURST + PER_SECOND * (time.monotonic() - began) + 1)
        self.assertLess(len(lines), caused * each, "nothing was left out, so nothing was shown")
        self.assertIn(key, lines[0])
        self.assertLessEqual(self.told(broker, event), caused * each)

    @staticmethod
    def told(broker, event):
        """Of how many the log has told, those included that it only counts."""
        hidden = sum(int(parse_fields(line)["refusals"]) for line in broker.lines("log.suppressed"))
        return len(broker.lines(event)) + hidden

    def test_denied_publishes(self):
        with self.under("  - allow: subscribe\n    topic: a/#\n") as broker, \
                Wire(broker.port) as client:
            client.connect("loud")

            def publish(number):
                client.send(wire.publish("a/b", b"x", qos=1, packet_id=1 + number))
                client.expect(wire.PUBACK)

            self.flood(broker, "publish.denied", publish, 2_000, "no rule allows it")

    def test_denied_subscriptions(self):
        with self.under("  - allow: publish\n    topic: a/#\n") as broker, \
                Wire(broker.port) as client:
            client.connect("curious")
            filters = [(f"a/{number}", 0) for number in range(100)]
            self.flood(broker, "subscribe.refused", lambda _: client.subscribe(*filters), 20,
                       each=len(filters))

    def test_denied_wills(self):
        with self.under("  - allow: publish\n    topic: a/#\n") as broker:
            def connect(number):
                with Wire(broker.port) as client:
                    client.send(wire.connect(f"c{number}", will=("b", b"gone", 0, False)))
                    self.assertEqual(client.wait_for_end()[:1], b"\x20")

            self.flood(broker, "will.denied", connect, 300, 'topic="b"')

    def test_a_client_id_that_two_want(self):
        with Broker({"shards": 1, "session": {"takeovers_max": 1}}) as broker, \
                Wire(broker.port) as first, Wire(broker.port) as second:
            first.connect("twin")
            second.connect("twin")

            def connect(_):
                with Wire(broker.port) as client:
                    client.send(wire.connect("twin"))
                    client.wait_for_end()

            self.flood(broker, "client.taken_over_too_often", connect, 300,
                       "session.takeovers_max")

    def test_sessions_that_fill_up(self):
        config = {"shards": 1, "session": {"queue": {"count_max": 1}}}
        with Broker(config) as broker, Wire(broker.port) as publisher:
            publisher.connect("publisher")

            def sleeper(number):
                with Wire(broker.port) as client:
                    client.connect(f"asleep-{number}", clean=False)
                    client.subscribe((f"s/{number}", 1))
                    client.send(wire.packet(0xE0))
                    client.wait_for_end()

            def fill(number):
                for packet_id in (1, 2):
                    publisher.send(wire.publish(f"s/{number}", b"x", qos=1, packet_id=packet_id))
                    publisher.expect(wire.PUBACK)

            for number in range(250):  # some for the lines that bring the last count
                sleeper(number)
            self.flood(broker, "session.queue_full", fill, 200, "session.queue.count_max")

    def test_what_cannot_be_retained(self):
        config = {"shards": 1, "retained": {"count_max": 1}}
        with Broker(config) as broker, Wire(broker.port) as client:
            client.connect("hoarder")
            for number in range(500):
                client.send(wire.publish(f"r/{number}", b"x", 1, 1 + number, retain=True))
                client.expect(wire.PUBACK)
            self.assertEqual(len(broker.lines("retained.full", key="retained.count_max")), 1)

    def test_connections_that_are_not_let_in(self):
        listeners = [loopback_listener(),
                     {**loopback_listener(), "name": "closed", "deny": ["127.0.0.0/8"]},
                     {**loopback_listener(), "name": "full", "connections_max": 1},
                     {**loopback_listener(), "name": "proxied",
                      "proxy_protocol": {"from": "127.0.0.1"}}]
        with Broker({"shards": 1, "listeners": listeners}) as broker:
            ports = dict(zip(("default", "closed", "full", "proxied"), broker.ports()))

            def knock(name, data=b""):
                with socket.create_connection(("127.0.0.1", ports[name]), timeout=60) as one:
                    try:
                        one.sendall(data)
                        one.shutdown(socket.SHUT_WR)
                        while one.recv(4096):
                            pass
                    except OSError:
                        pass  # reset, which is a refusal, too

            with Wire(ports["full"]) as holder:
                holder.connect("holder")
                for _ in range(100):
                    knock("closed")
                    knock("full")
                    knock("proxied", b"this is no PROXY header\r\n\r\n" * 4)
            for event, listener, most in (("listener.refused", "closed", 1),
                                          ("listener.full", "full", 1),
                                          ("connection.refused", "proxied", 60)):
                broker.wait_for(event, listener=listener)
                self.assertLessEqual(len(broker.lines(event, listener=listener)), most, event)


if __name__ == "__main__":
    unittest.main()
