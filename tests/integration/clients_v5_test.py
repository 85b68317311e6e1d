"""What MQTT 5 adds, as mosquitto's and Paho's clients see it on the real daemon."""

import subprocess
import threading
import unittest

import paho.mqtt.client as paho
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties
from paho.mqtt.subscribeoptions import SubscribeOptions

from clients_balance import BalancedBroker
from clients_driver import DEADLINE_S, program


def properties(kind, **values):
    made = Properties(kind)
    for name, value in values.items():
        setattr(made, name, value)
    return made


class Paho:
    """One connection; every call waits for its answer."""

    def __init__(self, port, client_id="", clean=True, will=None, **connect):
        self.messages, self.answers, self.is_changed = [], [], threading.Condition()
        self.client = c = paho.Client(client_id, protocol=paho.MQTTv5, reconnect_on_failure=False)
        if will:
            c.will_set(**will)
        c.on_connect = lambda _c, _u, flags, code, props: self._add(
            self.answers, ("connected", code.value, flags["session present"], props))
        c.on_message = lambda _c, _u, m: self._add(self.messages, m)
        c.on_subscribe = lambda _c, _u, _mid, codes, _p: self._add(
            self.answers, ("subscribed", [code.value for code in codes]))
        c.on_unsubscribe = lambda _c, _u, _mid, _p, codes: self._add(
            self.answers, ("unsubscribed", [code.value for code in codes] if
                           isinstance(codes, list) else [codes.value]))
        c.on_disconnect = lambda _c, _u, code, _p=None: self._add(
            self.answers, ("lost", getattr(code, "value", code)))
        c.connect("127.0.0.1", port, 600, clean_start=clean,
                  properties=properties(PacketTypes.CONNECT, **connect))
        c.loop_start()
        _, self.code, self.is_present, self.granted = self.answer("connected")

    def _add(self, where, what):
        with self.is_changed:
            where.append(what)
            self.is_changed.notify_all()

    def answer(self, kind):
        with self.is_changed:
            found = self.is_changed.wait_for(
                lambda: next((a for a in self.answers if a[0] == kind), None), DEADLINE_S)
            assert found, f"no {kind}, but {self.answers}"
            self.answers.remove(found)
            return found

    def take(self, count=1):
        with self.is_changed:
            assert self.is_changed.wait_for(lambda: len(self.messages) >= count, DEADLINE_S), \
                f"{len(self.messages)} messages instead of {count}"
            taken, self.messages = self.messages[:count], self.messages[count:]
            return taken

    def subscribe(self, name, qos=0, identifier=None, **options):
        more = properties(PacketTypes.SUBSCRIBE, SubscriptionIdentifier=identifier) \
            if identifier else None
        self.client.subscribe(name, options=SubscribeOptions(qos=qos, **options), properties=more)
        return self.answer("subscribed")[1]

    def unsubscribe(self, name):
        self.client.unsubscribe(name)
        return self.answer("unsubscribed")[1]

    def publish(self, topic, payload=b"x", qos=1, retain=False, **props):
        made = properties(PacketTypes.PUBLISH, **props)
        self.client.publish(topic, payload, qos, retain, made).wait_for_publish(DEADLINE_S)

    def leave(self, **props):
        self.client.disconnect(properties=properties(PacketTypes.DISCONNECT, **props))
        self.answer("lost")
        self.client.loop_stop()

    def drop(self):
        """The connection ends without DISCONNECT."""
        self.client.loop_stop()
        self.client.socket().close()


class FiveTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.broker = BalancedBroker({"shards": 4, "connection": {"keep_alive_max": "100s"},
                                     "protocol": {"will_grace_after_restart": "1s"}})
        cls.broker.start()

    @classmethod
    def tearDownClass(cls):
        try:
            cls.broker.stop()
        finally:
            cls.broker.kill()
            cls.broker.directory.cleanup()

    def client(self, *arguments, **more):
        return Paho(self.broker.port, *arguments, **more)

    def test_connack_says_what_was_granted(self):
        c = self.client("", SessionExpiryInterval=0)
        self.assertTrue(c.granted.AssignedClientIdentifier.startswith("auto-"))
        self.assertEqual(c.granted.ServerKeepAlive, 100)
        self.assertEqual(c.granted.ReceiveMaximum, 1000)
        self.assertEqual(c.granted.TopicAliasMaximum, 16)
        c.leave()

    def test_properties_there_and_back(self):
        s = self.client("there")
        self.assertEqual(s.subscribe("p/#", 2, identifier=77), [2])
        p = self.client("back")
        sent = {"PayloadFormatIndicator": 1, "ContentType": "text/plain",
                "ResponseTopic": "re/ply", "CorrelationData": b"\0\1",
                "UserProperty": [("a", "1"), ("b", ""), ("a", "2")]}
        for qos in (0, 1, 2):
            p.publish("p/x", b"hello", qos, MessageExpiryInterval=100, **sent)
            got = s.take()[0]
            self.assertEqual((got.payload, got.qos, got.retain), (b"hello", qos, False))
            for name, value in sent.items():
                self.assertEqual(getattr(got.properties, name), value)
            self.assertEqual(got.properties.SubscriptionIdentifier, [77])
            self.assertIn(got.properties.MessageExpiryInterval, (99, 100))
        s.leave()
        p.leave()

    def test_subscription_options(self):
        c = self.client("options")
        c.subscribe("o/own", 1, noLocal=True)
        c.subscribe("o/kept", 1, retainAsPublished=True)
        c.publish("o/own")
        c.publish("o/kept", b"1", retain=True)
        self.assertTrue(c.take()[0].retain)
        late = self.client("options-late")
        late.subscribe("o/kept", retainHandling=2)
        c.publish("o/kept", b"", retain=True)
        self.assertEqual(late.take()[0].payload, b"")
        self.assertEqual(c.messages[0].payload, b"")
        self.assertEqual(c.unsubscribe("o/own"), [0])
        self.assertEqual(c.unsubscribe("o/own"), [0x11])
        late.leave()
        c.leave()

    def test_session_outlives_its_connection_and_takeover_is_told(self):
        first = self.client("lasting", clean=False, SessionExpiryInterval=100)
        first.subscribe("l/x", 1)
        second = self.client("lasting", clean=False, SessionExpiryInterval=100)
        self.assertTrue(second.is_present)
        first.answer("lost")
        self.broker.wait_for("client.disconnected", client="lasting", reason="taken_over")
        first.client.loop_stop()
        second.drop()
        p = self.client("l-publisher")
        p.publish("l/x", b"kept")
        third = self.client("lasting", clean=False, SessionExpiryInterval=100)
        self.assertEqual(third.take()[0].payload, b"kept")
        third.leave(SessionExpiryInterval=0)
        fourth = self.client("lasting", clean=False)
        self.assertFalse(fourth.is_present)
        fourth.leave()
        p.leave()

    def test_will_with_a_delay(self):
        w = self.client("will-watcher")
        w.subscribe("w/#", 1)
        delayed = {"topic": "w/late", "payload": b"gone", "qos": 1,
                   "properties": properties(PacketTypes.WILLMESSAGE, WillDelayInterval=1,
                                            UserProperty=[("k", "v")])}
        self.client("mortal", will=delayed, SessionExpiryInterval=60).drop()
        got = w.take()[0]
        self.assertEqual(got.payload, b"gone")
        self.assertEqual(got.properties.UserProperty, [("k", "v")])
        back = self.client("mortal", will=delayed, clean=False, SessionExpiryInterval=60)
        self.assertTrue(back.is_present)
        back.leave(SessionExpiryInterval=0)
        w.leave()

    def test_mosquitto_takes_identifiers(self):
        sub = subprocess.Popen(
            [program("stdbuf", "coreutils"), "-oL", program("mosquitto_sub", "mosquitto-clients"),
             "-V", "mqttv5", "-p", str(self.broker.port), "-i", "identifiers", "-t", "id/#", "-q",
             "1", "-C", "4", "-d", "-D", "subscribe", "subscription-identifier", "9", "-F",
             "message %t %p %S"],
            stdout=subprocess.PIPE, text=True)
        while "Subscribed (" not in sub.stdout.readline():
            pass
        p = self.client("id-publisher")
        for topic in ("id/1", "id/1", "id/2", "id/1"):
            p.publish(topic, topic.encode())
        got = [line.split() for line in sub.stdout if line.startswith("message ")]
        sub.stdout.close()
        self.assertEqual(sub.wait(DEADLINE_S), 0)
        self.assertEqual(len(got), 4)
        for _, topic, payload, identifier in got:
            self.assertEqual((topic, identifier), (payload, "9"))
        p.leave()

    def test_shared_subscription(self):
        members = [self.client(f"member{i}") for i in range(2)]
        for member in members:
            self.assertEqual(member.subscribe("$share/g/s/#", 1), [1])
        p = self.client("s-publisher")
        for i in range(20):
            p.publish("s/x", str(i).encode())
        for member in members:
            member.take(10)
            member.leave()
        p.leave()


if __name__ == "__main__":
    unittest.main()
