"""The agent for Paho Python 1.x; clients_driver.py describes what it takes and says."""

import sys
import threading

try:
    import paho.mqtt.client as paho
    from paho.mqtt.packettypes import PacketTypes
    from paho.mqtt.properties import Properties
except ImportError:
    sys.exit("python3-paho-mqtt is not installed for " + sys.executable)

WINDOW = 100
say_lock = threading.Lock()


def say(*fields):
    with say_lock:
        sys.stdout.write("\t".join(map(str, fields)) + "\n")
        sys.stdout.flush()


class Agent:
    def __init__(self):
        self.client = None
        self.is_leaving = False

    def connect(self, port, client_id, version, clean, keep_alive, topic, qos, retain, payload):
        self.is_leaving = False
        is_five = version == "5"
        clean_session = {} if is_five else {"clean_session": clean == "1"}
        c = self.client = paho.Client(client_id, protocol=int(version),
                                      reconnect_on_failure=False, **clean_session)
        c.max_inflight_messages_set(WINDOW)
        if topic:
            c.will_set(topic, bytes.fromhex(payload), int(qos), retain == "1")
        c.on_connect = lambda _c, _u, flags, code, *_: (
            say("refused", code) if code != 0 else say("connected", flags["session present"]))
        c.on_message = lambda _c, _u, m: say("message", m.topic, m.qos, int(m.retain), int(m.dup),
                                             m.payload.hex())
        c.on_subscribe = lambda _c, _u, _mid, granted, *_: say(
            "subscribed", granted[0].value if is_five else granted[0])
        c.on_unsubscribe = lambda *_: say("unsubscribed")
        c.on_disconnect = self.on_disconnect
        session = {}
        if is_five:
            lasting = Properties(PacketTypes.CONNECT)
            lasting.SessionExpiryInterval = 0 if clean == "1" else 0xFFFFFFFF
            session = {"clean_start": clean == "1", "properties": lasting}
        c.connect("127.0.0.1", int(port), int(keep_alive), **session)
        c.loop_start()

    def on_disconnect(self, *_):
        if not self.is_leaving:
            say("lost")

    def subscribe(self, name, qos):
        self.client.subscribe(name, int(qos))

    def unsubscribe(self, name):
        self.client.unsubscribe(name)

    def publish(self, topic, qos, retain, payload):
        self.client.publish(topic, bytes.fromhex(payload), int(qos),
                            retain == "1").wait_for_publish()
        say("published")

    def sequence(self, topic, qos, count):
        infos = [self.client.publish(topic, str(i), int(qos)) for i in range(int(count))]
        for info in infos:
            info.wait_for_publish()
        say("sequenced")

    def disconnect(self):
        self.is_leaving = True
        self.client.disconnect()
        self.client.loop_stop()
        say("disconnected")


def main():
    agent = Agent()
    for line in sys.stdin:
        command, *arguments = line.rstrip("\n").split("\t")
        getattr(agent, command)(*arguments)


main()
