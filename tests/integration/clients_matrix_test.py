"""What every client library must find, in MQTT 3.1, 3.1.1 and 5.0: one test class per version.

GODWIT_CLIENT names the library (see clients_driver.LIBRARIES), GODWIT_SHARDS the shards.
"""

import os
import unittest

from clients_balance import BalancedBroker
from clients_driver import LIBRARIES, Will

LIBRARY = LIBRARIES[os.environ.get("GODWIT_CLIENT", "mosquitto")]
SHARDS = int(os.environ.get("GODWIT_SHARDS", "8"))
OTHER = {"3.1": "3.1.1", "3.1.1": "3.1", "5.0": "3.1.1"}
MIB = 1024 * 1024
MANY = 10_000


class Cases:
    """The tests; a subclass says the version. One broker serves a class."""

    version = ""

    @classmethod
    def setUpClass(cls):
        cls.broker = BalancedBroker({"shards": SHARDS})
        cls.broker.start()

    @classmethod
    def tearDownClass(cls):
        try:
            cls.broker.stop()
        except AssertionError:
            print(cls.broker.log_text())
            raise
        finally:
            cls.broker.kill()
            cls.broker.directory.cleanup()

    def setUp(self):
        self.topic = f"test/{self.id().rsplit('.', 1)[1]}"
        self.publishers = 0

    def client(self, version=None):
        made = LIBRARY(self.broker.port, version or self.version)
        self.addCleanup(made.close)
        return made

    def subscriber(self, *subscriptions, client_id=None, version=None):
        client = self.client(version)
        client.connect(client_id or self.name("subscriber"), subscriptions=subscriptions)
        return client

    def publisher(self, version=None):
        client = self.client(version)
        self.publishers += 1
        client.connect(self.name(f"publisher{self.publishers}"))
        return client

    def name(self, role):
        return f"{role}-{self.id().rsplit('.', 1)[1]}"[:60]

    def wait_until_gone(self, client_id, reason, count=1):
        return self.broker.wait_for("client.disconnected", client=client_id, reason=reason,
                                    count=count)

    def end_session(self, client_id):
        """A session that was to last is over when its client connects with clean session."""
        client = self.client()
        client.connect(client_id)
        client.disconnect()

    # -- life ------------------------------------------------------------------------------------

    def test_connects_and_leaves(self):
        client = self.client()
        present = client.connect("arriving")
        client.disconnect()
        self.assertFalse(present)
        self.broker.wait_for("client.connected", client="arriving", version=self.version)
        self.wait_until_gone("arriving", "client_disconnected")

    def test_takeover_by_the_same_client_id(self):
        first = self.subscriber((self.topic, 1), client_id="twin")
        first.freeze()
        second = self.subscriber((self.topic, 1), client_id="twin")
        self.wait_until_gone("twin", "taken_over")
        first.wait_until_lost()
        self.publisher().publish(self.topic, b"for the second", 1)
        self.assertEqual(second.take(1)[0].payload, b"for the second")
        self.assertEqual(first.messages, [])
        second.disconnect()

    # -- wills -----------------------------------------------------------------------------------

    def test_will_of_a_client_that_dies(self):
        watcher = self.subscriber((self.topic, 2))
        for qos in (0, 1, 2):
            mortal = self.client()
            mortal.connect(f"mortal{qos}", will=Will(self.topic, b"farewell", qos, False))
            mortal.drop()
            will = watcher.take(1)[0]
            self.assertEqual(will[:4], (self.topic, b"farewell", qos, False))
        watcher.disconnect()

    def test_retained_will_stays(self):
        mortal = self.client()
        mortal.connect("mortal", will=Will(self.topic, b"gone", 1, True))
        mortal.drop()
        self.wait_for_death("mortal")
        later = self.subscriber((self.topic, 1))
        self.assertEqual(later.take(1)[0][:4], (self.topic, b"gone", 1, True))
        later.disconnect()
        self.publisher().publish(self.topic, b"", 1, True)

    def test_no_will_after_a_disconnect(self):
        if self.version == "5.0" and not LIBRARY.keeps_will_at_disconnect:
            self.skipTest("this client asks for its will when it disconnects (0x04)")
        watcher = self.subscriber((self.topic, 1))
        polite = self.client()
        polite.connect("polite", will=Will(self.topic, b"farewell", 1, False))
        polite.disconnect()
        self.wait_until_gone("polite", "client_disconnected")
        self.publisher().publish(self.topic, b"marker", 1)
        self.assertEqual(watcher.take(1)[0].payload, b"marker")
        watcher.disconnect()

    def wait_for_death(self, client_id):
        """A killed process ends its connection with a FIN, or a RST if it left bytes unread."""
        self.broker.wait_for("client.disconnected", client=client_id)

    # -- retained --------------------------------------------------------------------------------

    def test_retained_is_set_replayed_replaced_and_cleared(self):
        publisher = self.publisher()
        live = self.subscriber((self.topic, 1), client_id="live")
        for payload in (b"first", b"second"):
            publisher.publish(self.topic, payload, 1, True)
            self.assertEqual(live.take(1)[0][:4], (self.topic, payload, 1, False))
            late = self.subscriber((self.topic, 1), client_id="late")
            self.assertEqual(late.take(1)[0][:4], (self.topic, payload, 1, True))
            late.disconnect()
        publisher.publish(self.topic, b"", 1, True)
        self.assertEqual(live.take(1)[0][:4], (self.topic, b"", 1, False))
        after = self.subscriber((self.topic, 1), client_id="after")
        publisher.publish(self.topic, b"marker", 1)
        self.assertEqual(after.take(1)[0][:4], (self.topic, b"marker", 1, False))
        after.disconnect()
        live.disconnect()

    def test_retained_through_wildcards(self):
        publisher = self.publisher()
        wanted = {f"{self.topic}/{i}": str(i).encode() for i in range(20)}
        for topic, payload in wanted.items():
            publisher.publish(topic, payload, 1, True)
        late = self.subscriber((self.topic + "/+", 1))
        self.assertEqual({m.topic: m.payload for m in late.take(20)}, wanted)
        late.disconnect()
        for topic in wanted:
            publisher.publish(topic, b"", 0, True)

    # -- delivery --------------------------------------------------------------------------------

    def test_every_quality_in_and_out(self):
        publisher = self.publisher()
        for granted in (0, 1, 2):
            subscriber = self.subscriber((self.topic, granted))
            for qos in (0, 1, 2):
                payload = f"{qos} to {granted}".encode()
                publisher.publish(self.topic, payload, qos)
                self.assertEqual(subscriber.take(1)[0],
                                 (self.topic, payload, min(qos, granted), False, False))
            subscriber.disconnect()

    def test_a_mebibyte(self):
        publisher = self.publisher()
        payload = bytes(range(256)) * (MIB // 256)
        subscriber = self.subscriber((self.topic, 2))
        for qos in (0, 1, 2):
            publisher.publish(self.topic, payload, qos)
            got = subscriber.take(1)[0]
            self.assertEqual((got.qos, len(got.payload)), (qos, MIB))
            self.assertTrue(got.payload == payload)
        subscriber.disconnect()

    def test_ten_thousand_in_order(self):
        publisher = self.publisher()
        for qos in (0, 1, 2):
            subscriber = self.subscriber((f"{self.topic}/{qos}", qos))
            publisher.publish_sequence(f"{self.topic}/{qos}", qos, MANY)
            self.assertEqual([int(m.payload) for m in subscriber.take(MANY)], list(range(MANY)))
            subscriber.disconnect()

    def test_an_absent_session_finds_its_messages_in_order(self):
        for leave in ("disconnect", "drop"):
            client_id = f"phone-{leave}"
            topics = [(self.topic + "/#", 2)]
            phone = self.client()
            self.assertFalse(phone.connect(client_id, clean=False, subscriptions=topics))
            getattr(phone, leave)()
            self.wait_for_death(client_id)
            publisher = self.publisher()
            for i in range(40):
                publisher.publish(f"{self.topic}/{i}", str(i).encode(), 1 + i % 2)
            phone = self.client()
            present = phone.connect(client_id, clean=False, subscriptions=topics)
            if phone.tells_session_present:
                self.assertEqual(present, self.version != "3.1")
            got = phone.take(40)
            # A client may hand a QoS 2 message on at its PUBLISH or at its PUBREL, so the order
            # among different qualities is its own.
            for qos in (1, 2):
                self.assertEqual([int(m.payload) for m in got if m.qos == qos],
                                 list(range(qos - 1, 40, 2)))
            publisher.publish(f"{self.topic}/live", b"live", 2)
            self.assertEqual(phone.take(1)[0].payload, b"live")
            phone.disconnect()
            self.end_session(client_id)

    def test_clean_session_forgets(self):
        phone = self.client()
        phone.connect("forgetful", clean=False, subscriptions=[(self.topic, 1)])
        phone.disconnect()
        self.wait_until_gone("forgetful", "client_disconnected")
        publisher = self.publisher()
        publisher.publish(self.topic, b"missed", 1)
        phone = self.client()
        self.assertFalse(phone.connect("forgetful", subscriptions=[(self.topic, 1)]))
        publisher.publish(self.topic, b"live", 1)
        self.assertEqual(phone.take(1)[0].payload, b"live")
        phone.disconnect()

    # -- topics ----------------------------------------------------------------------------------

    def test_wildcards(self):
        t = self.topic
        plus = self.subscriber((f"{t}/+/c", 1), client_id="plus")
        hash_ = self.subscriber((f"{t}/#", 1), client_id="hash")
        publisher = self.publisher()
        topics = [t, f"{t}/a/c", f"{t}/a/b", f"{t}//c", f"{t}/a/b/c", f"{t}/b/c"]
        for topic in topics:
            publisher.publish(topic, b"x", 1)
        self.assertEqual([m.topic for m in hash_.take(len(topics))], topics)
        self.assertEqual([m.topic for m in plus.take(3)], [f"{t}/a/c", f"{t}//c", f"{t}/b/c"])
        hash_.disconnect()
        plus.disconnect()

    def test_overlapping_subscriptions_bring_one_copy(self):
        client = self.subscriber((f"{self.topic}/#", 1), (f"{self.topic}/+", 1),
                                 (f"{self.topic}/a", 1))
        publisher = self.publisher()
        publisher.publish(f"{self.topic}/a", b"one", 1)
        publisher.publish(f"{self.topic}/a", b"two", 1)
        self.assertEqual([m.payload for m in client.take(2)], [b"one", b"two"])
        client.disconnect()

    def test_unsubscribes(self):
        client = self.client()
        if not client.can_unsubscribe:
            return  # mosquitto_sub only asks for it while it connects
        client.connect("fickle", subscriptions=[(self.topic, 1), (self.topic + "/other", 1)])
        client.unsubscribe(self.topic)
        publisher = self.publisher()
        publisher.publish(self.topic, b"unwanted", 1)
        publisher.publish(self.topic + "/other", b"wanted", 1)
        self.assertEqual(client.take(1)[0].payload, b"wanted")
        client.disconnect()

    def test_reads_the_brokers_version(self):
        client = self.subscriber(("$SYS/broker/version", 0))
        topic, payload, _, retain, _ = client.take(1)[0]
        self.assertEqual((topic, retain), ("$SYS/broker/version", True))
        self.assertRegex(payload.decode(), r"^godwit version \d+\.\d+\.\d+")
        client.disconnect()

    def test_a_shared_subscription_has_two_members(self):
        share = [(f"$share/team/{self.topic}", 1)]
        members = [self.subscriber(*share, client_id=f"member{i}") for i in range(2)]
        publisher = self.publisher()
        publisher.publish_sequence(self.topic, 1, 100)
        total = lambda: sum(len(m.messages) for m in members)
        members[0].wait(lambda: total() >= 100 or len(members[0].messages) >= 50, "its half")
        members[1].wait(lambda: total() >= 100, "the other half")
        got = [int(m.payload) for member in members for m in member.messages]
        self.assertEqual(sorted(got), list(range(100)))
        for member in members:
            self.assertGreater(len(member.messages), 0)
            member.disconnect()

    def test_the_other_version_and_back(self):
        here, there = self.topic + "/here", self.topic + "/there"
        ours = self.subscriber((here, 2), client_id="ours")
        theirs = self.subscriber((there, 2), client_id="theirs", version=OTHER[self.version])
        for qos in (0, 1, 2):
            self.publisher(OTHER[self.version]).publish(here, b"to us", qos)
            self.publisher().publish(there, b"to them", qos)
            self.assertEqual(ours.take(1)[0][:3], (here, b"to us", qos))
            self.assertEqual(theirs.take(1)[0][:3], (there, b"to them", qos))
        ours.disconnect()
        theirs.disconnect()


class Version31(Cases, unittest.TestCase):
    version = "3.1"


class Version311(Cases, unittest.TestCase):
    version = "3.1.1"


@unittest.skipUnless("5.0" in LIBRARY.versions, "the agent of this library knows no MQTT 5")
class Version5(Cases, unittest.TestCase):
    version = "5.0"


if __name__ == "__main__":
    unittest.main()
