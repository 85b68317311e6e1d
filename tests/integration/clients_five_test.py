"""What MQTT 5 adds, as Paho C and MQTT.js see it on the real daemon (clients_v5_test.py: others).

GODWIT_CLIENT names the library (see clients_five.LIBRARIES).
"""

import os
import unittest

from clients_balance import BalancedBroker
from clients_five import LIBRARIES

CLIENT = os.environ.get("GODWIT_CLIENT", "mqttjs")
LIBRARY = LIBRARIES[CLIENT]
# Paho C tells the reason of a PUBACK or PUBREC only when it is a failure.
NO_SUBSCRIBERS = 0 if CLIENT == "paho_c" else 0x10
SENT = {"format": 1, "type": "text/plain", "response": "re/ply", "correlation": "0001",
        "user": [["a", "1"], ["b", ""], ["a", "2"]]}


class Five(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.broker = BalancedBroker({"shards": 4, "connection": {"keep_alive_max": "100s"}})
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

    def client(self, name="", **connect):
        made = LIBRARY(self.broker.port)
        self.addCleanup(made.close)
        made.granted = made.connect(name, **connect)
        return made

    def name(self, role):
        return f"{role}-{self.id().rsplit('.', 1)[1]}"

    def topic(self, level="x"):
        return f"{self.id().rsplit('.', 1)[1]}/{level}"

    def test_connack_says_what_was_granted(self):
        c = self.client()
        self.assertFalse(c.granted["present"])
        self.assertTrue(c.granted["id"].startswith("auto-"))
        self.assertEqual(c.granted["receive"], 1000)
        self.assertEqual(c.granted["aliases"], 16)
        c.leave()

    def test_properties_there_and_back(self):
        s, p = self.client(self.name("there")), self.client(self.name("back"))
        self.assertEqual(s.subscribe(self.topic("#"), 2, id=77), 2)
        for qos in (0, 1, 2):
            self.assertEqual(p.publish(self.topic(), b"hello", qos, expiry=100, **SENT), 0)
            got = s.message()
            self.assertEqual((got["topic"], got["payload"], got["qos"], got["retain"]),
                             (self.topic(), b"hello", qos, False))
            for name in ("format", "type", "response", "correlation"):
                self.assertEqual(got[name], SENT[name])
            # MQTT.js keeps the order of equal names only.
            self.assertEqual(sorted(got["user"]), sorted(SENT["user"]))
            self.assertLess([v for k, v in got["user"] if k == "a"], ["2"])
            self.assertEqual(got["ids"], [77])
            self.assertIn(got["expiry"], (99, 100))
        s.leave()
        p.leave()

    def test_overlapping_subscriptions_have_all_identifiers(self):
        s, p = self.client(self.name("s")), self.client(self.name("p"))
        s.subscribe(self.topic("#"), 0, id=1)
        s.subscribe(self.topic("+"), 1, id=268_435_455)
        s.subscribe(self.topic(), 1)
        p.publish(self.topic())
        got = s.message()
        self.assertEqual((sorted(got["ids"]), got["qos"]), ([1, 268_435_455], 1))
        s.leave()
        p.leave()
        self.assertFalse(s.has_message())

    def test_what_expires_is_not_delivered(self):
        s = self.client(self.name("away"), clean=False, expiry=100)
        s.subscribe(self.topic("#"), 1)
        s.leave()
        p = self.client(self.name("p"))
        p.publish(self.topic("gone"), b"gone", expiry=0)
        p.publish(self.topic("kept"), b"kept", expiry=100)
        p.publish(self.topic("gone"), b"gone", retain=True, expiry=0)
        late = self.client(self.name("late"))
        late.subscribe(self.topic("gone"), 1)
        p.publish(self.topic("gone"), b"marker")
        got = late.message()
        self.assertEqual((got["payload"], got["retain"]), (b"marker", False))
        back = self.client(self.name("away"), clean=False, expiry=0)
        self.assertTrue(back.granted["present"])
        got = back.message()
        self.assertEqual(got["payload"], b"kept")
        self.assertLessEqual(got["expiry"], 100)
        self.assertEqual(back.message()["payload"], b"marker")
        for c in (p, late, back):
            c.leave()

    def test_aliases(self):
        s = self.client(self.name("s"), **({"aliases": 10} if LIBRARY.resolves_aliases else {}))
        s.subscribe(self.topic("#"), 1)
        p = self.client(self.name("p"))
        p.publish(self.topic("first"), b"1", alias=1)
        p.publish(self.topic("second"), b"2", 0, alias=2)
        for payload, alias in ((b"3", 1), (b"4", 2), (b"5", 1)):
            p.publish("", payload, alias=alias)
        p.publish(self.topic("other"), b"6", alias=1)
        p.publish("", b"7", alias=1)
        got = [s.message() for _ in range(7)]
        self.assertEqual(sorted((m["payload"], m["topic"].rsplit("/")[-1]) for m in got),
                         [(b"1", "first"), (b"2", "second"), (b"3", "first"), (b"4", "second"),
                          (b"5", "first"), (b"6", "other"), (b"7", "other")])
        if LIBRARY.resolves_aliases:
            s.say("aliased")
            self.assertGreater(s.take("aliased")["count"], 0)
        s.leave()
        p.leave()

    def test_an_alias_that_is_not_allowed_ends_the_connection(self):
        if LIBRARY.checks_aliases:
            self.skipTest("this library refuses to send it")
        p = self.client(self.name("p"))
        p.say("publish", topic=self.topic(), payload="00", qos=0, alias=17)
        self.assertEqual(p.take("bye")["code"], 0x94)

    def test_subscription_options(self):
        c = self.client(self.name("c"))
        c.subscribe(self.topic("own"), 1, noLocal=True)
        c.subscribe(self.topic("kept"), 1, asPublished=True)
        c.publish(self.topic("own"))
        c.publish(self.topic("kept"), b"1", retain=True)
        self.assertTrue(c.message()["retain"])
        for handling, comes in ((2, False), (1, True), (1, False), (0, True)):
            late = late if comes is False and handling == 1 else self.client(self.name("late"))
            late.subscribe(self.topic("kept"), 1, handling=handling)
            if comes:
                self.assertEqual(late.message()["payload"], b"1")
            c.publish(self.topic("kept"), b"marker")
            self.assertEqual(late.message()["payload"], b"marker")
            self.assertEqual(c.message()["payload"], b"marker")
        c.publish(self.topic("kept"), b"", retain=True)
        self.assertEqual(c.message()["payload"], b"")
        late.leave()
        c.leave()
        self.assertFalse(c.has_message())

    def test_reason_codes(self):
        c = self.client(self.name("c"))
        self.assertEqual(c.publish(self.topic("nobody"), qos=1), NO_SUBSCRIBERS)
        self.assertEqual(c.publish(self.topic("nobody"), qos=2), NO_SUBSCRIBERS)
        self.assertEqual(c.publish("$SYS/x", qos=1), 0x87)
        self.assertEqual(c.unsubscribe(self.topic("never")), 0x11)
        self.assertEqual(c.subscribe(self.topic(), 2), 2)
        self.assertEqual(c.unsubscribe(self.topic()), 0)
        twin = self.client(self.name("c"))
        self.assertEqual(c.take("bye")["code"], 0x8E)
        twin.leave()

    def test_shared_subscription(self):
        members = [self.client(self.name(f"member{i}")) for i in range(2)]
        for member in members:
            self.assertEqual(member.subscribe("$share/g/" + self.topic("#"), 1), 1)
        p = self.client(self.name("p"))
        sent = [str(i).encode() for i in range(20)]
        for payload in sent:
            p.publish(self.topic(), payload)
        got = [[member.message()["payload"] for _ in range(10)] for member in members]
        self.assertEqual(sorted(got[0] + got[1]), sorted(sent))
        for member in members:
            member.leave()
            self.assertFalse(member.has_message())
        p.leave()

    def test_session_outlives_its_connection_as_long_as_it_says(self):
        c = self.client(self.name("c"), clean=False, expiry=100)
        c.subscribe(self.topic(), 1, id=5)
        c.close()
        p = self.client(self.name("p"))
        p.publish(self.topic(), b"kept", **SENT)
        c = self.client(self.name("c"), clean=False, expiry=100)
        self.assertTrue(c.granted["present"])
        got = c.message()
        self.assertEqual((got["payload"], got["ids"], got["type"]), (b"kept", [5], SENT["type"]))
        c.leave(expiry=0)
        c = self.client(self.name("c"), clean=False)
        self.assertFalse(c.granted["present"])
        c.leave()
        p.leave()

    def test_will_with_a_delay(self):
        watcher = self.client(self.name("watcher"))
        watcher.subscribe(self.topic("#"), 1)
        will = {"topic": self.topic("will"), "payload": b"gone".hex(), "qos": 1, "expiry": 50,
                "user": [["k", "v"]]}
        lasting = {"clean": False, "expiry": 60}
        # Its session ends with it: at once.
        self.client(self.name("a"), expiry=0, will={**will, "delay": 1000}).close()
        got = watcher.message()
        self.assertEqual((got["payload"], got["user"]), (b"gone", [["k", "v"]]))
        # DISCONNECT 0x04 leaves it to its delay.
        c = self.client(self.name("b"), will={**will, "delay": 1}, **lasting)
        c.leave(code=4)
        self.assertEqual(watcher.message()["payload"], b"gone")
        # Who comes back in time has none; nor who leaves with 0x00.
        self.client(self.name("b"), will={**will, "delay": 1000}, **lasting).close()
        c = self.client(self.name("b"), will={**will, "delay": 0}, **lasting)
        self.assertTrue(c.granted["present"])
        c.leave(expiry=0)
        p = self.client(self.name("p"))
        p.publish(self.topic("marker"), b"marker")
        self.assertEqual(watcher.message()["payload"], b"marker")
        p.leave()
        watcher.leave()

    def test_limits_of_the_client(self):
        s = self.client(self.name("s"), receive=1, packet=200)
        s.subscribe(self.topic("#"), 1)
        p = self.client(self.name("p"))
        sent = [str(i).encode() for i in range(10)]
        for payload in sent:
            p.publish(self.topic(), payload + b"x" * 300)
            p.publish(self.topic(), payload)
        self.assertEqual([s.message()["payload"] for _ in sent], sent)
        s.leave()
        p.leave()
        self.assertFalse(s.has_message())


if __name__ == "__main__":
    unittest.main()
