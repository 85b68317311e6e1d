"""A reload changes what can change while clients are connected: limits, and who may connect."""

import socket
import unittest

from control_test import durable_subscriber, publish_qos1
from ctl_client import Ctl
from harness import Broker, loopback_listener, write_config
from raw_client import RawClient, connect_packet
from websocket_test import WebsocketClient


class Live(unittest.TestCase):
    def start(self, **config):
        self.broker = Broker({"shards": 2, **config})
        self.addCleanup(self.broker.clean_up)
        self.broker.start()
        self.ctl = Ctl(self.broker)

    def tearDown(self):
        self.broker.stop()

    def change(self, expect, **more):
        """Reloads with these keys; exactly the expected ones count at once."""
        write_config(self.broker.directory.name, {**self.broker.config, **more})
        _, report = self.ctl.json("reload")
        self.assertEqual([d["key"] for d in report["live"]], expect)
        self.assertEqual((report["need_restart"], report["mistakes"]), ([], []))
        self.ctl.json("clients", "list")  # every shard answers, so it has had its turn

    def listener(self, expect, **keys):
        self.change([f"listeners[default].{key}" for key in expect],
                    listeners=[loopback_listener(**keys)])

    def dial(self, name):
        one = socket.create_connection(("127.0.0.1", self.broker.port), timeout=60)
        self.addCleanup(one.close)
        try:
            one.sendall(connect_packet(name))
            return one.recv(4)
        except ConnectionError:
            return b""

    def test_who_may_connect_to_a_listener(self):
        self.start()
        yes, old_version = b"\x20\x02\0\0", b"\x20\x02\0\1"
        before = RawClient(self.broker.port, "before")
        for keys, answer in [({"deny": ["10.0.0.0/8", "127.0.0.1"]}, b""), ({}, yes),
                             ({"allow": ["10.0.0.0/8"]}, b""), ({}, yes),
                             ({"versions": "5"}, old_version), ({}, yes),
                             ({"connections_max": 1}, b""), ({"connections_max": 9}, yes)]:
            changed = keys or last
            last = {} if "connections_max" in keys else keys
            self.listener(list(changed), **keys)
            self.assertEqual(self.dial("new"), answer, keys)
        before.subscribe("a")
        before.disconnect()

    def test_how_fast_connections_may_come(self):
        self.start()
        self.listener(["connect_rate.address_max"], connect_rate={"address_max": 1})
        while self.dial("one"):
            pass
        self.broker.wait_for("listener.too_fast")
        self.listener(["connect_rate.address_max"])
        for _ in range(10):
            self.assertEqual(self.dial("one"), b"\x20\x02\0\0")

    def test_which_pages_may_connect(self):
        web = {"path": "/mqtt"}
        self.start(listeners=[loopback_listener(websocket=web)])

        def status():
            client = WebsocketClient(self.broker.port, None,
                                     more="Origin: https://else.example\r\n")
            client.raw.close()
            return client.status
        self.assertEqual(status(), 101)
        self.listener(["websocket.origins"],
                      websocket={**web, "origins": ["https://app.example"]})
        self.assertEqual(status(), 403)

    def test_limits_of_the_broker(self):
        self.start()
        clients = [RawClient(self.broker.port, f"c{i}") for i in range(4)]
        self.change(["connections_max"], connections_max=2)
        self.assertEqual(self.dial("late"), b"")
        self.change(["connections_max"])
        self.assertEqual(self.dial("later"), b"\x20\x02\0\0")
        write_config(self.broker.directory.name, {**self.broker.config,
                                                  "connections_max": 4_000_000_000})
        self.assertIn("open files", self.ctl.text("reload", expect=2))
        self.change(["memory_limit"], memory_limit="32MiB")
        self.broker.wait_for("memory.short", memory_limit=32 << 20)
        self.change(["memory_limit"], memory_limit="1TiB")
        self.broker.wait_for("memory.eases")
        for client in clients:
            client.disconnect()

    def test_limits_of_sessions_and_what_is_remembered(self):
        self.start()
        durable_subscriber(self.broker.port, "away", "a")
        self.change(["session.queue.count_max", "control.history"],
                    session={"queue": {"count_max": 2}}, control={"history": 0})
        sender = RawClient(self.broker.port, "sender")
        for i in range(5):
            publish_qos1(sender, "a", b"%d" % i)
        self.broker.wait_for("session.queue_full", client="away", key="session.queue.count_max")
        rows, _ = self.ctl.json("queue", "peek", "away", "--payload")
        self.assertEqual([row["payload"] for row in rows], ["3", "4"])
        for name in ["away", "sender"]:
            self.assertEqual(self.ctl.json("clients", "show", name)[0], [])
        sender.disconnect()


if __name__ == "__main__":
    unittest.main()
