"""Who may connect where: PROXY headers, networks, Unix-domain sockets, versions of MQTT."""

import os
import socket
import stat
import subprocess
import tempfile
import unittest

from harness import Broker, loopback_listener
from raw_client import RawClient, connect_packet, packet, text
from tls_world import Authority, client_context

V2_START = b"\r\n\r\n\0\r\nQUIT\n"


def v2(address, port, additions=b""):
    body = (socket.inet_aton(address) + socket.inet_aton("127.0.0.1") + port.to_bytes(2, "big")
            + b"\x07\x5b" + additions)
    return V2_START + b"\x21\x11" + len(body).to_bytes(2, "big") + body


class Listeners(unittest.TestCase):
    def dial(self, port, address="127.0.0.1"):
        one = socket.create_connection(("127.0.0.1", port), timeout=30,
                                       source_address=(address, 0))
        self.addCleanup(one.close)
        return one

    def broker(self, **listener):
        return Broker(config={"shards": 2, "listeners": [
            loopback_listener(name="first", **listener), loopback_listener(name="plain")]})

    def assertAccepted(self, one):
        self.assertEqual(one.recv(4), b"\x20\x02\0\0")

    def assertEnds(self, one):
        try:
            self.assertEqual(one.recv(100), b"")
        except ConnectionResetError:
            pass

    def test_a_trusted_proxy_tells_the_address(self):
        with self.broker(proxy_protocol={"from": "127.0.0.1"}, deny="192.0.2.66") as broker:
            for i, header in enumerate((b"PROXY TCP4 192.0.2.1 127.0.0.1 4000 1883\r\n",
                                        v2("192.0.2.1", 4000), v2("192.0.2.1", 4000, b"\x04\0\0"))):
                one = self.dial(broker.port)
                one.sendall(header + connect_packet(f"c{i}"))
                self.assertAccepted(one)
                broker.wait_for("client.connected", client=f"c{i}", peer="192.0.2.1:4000")
            one = self.dial(broker.port)
            one.sendall(b"PROXY TCP4 192.0.2.66 127.0.0.1 4000 1883\r\n" + connect_packet("denied"))
            self.assertEnds(one)
            broker.wait_for("connection.refused", peer="192.0.2.66:4000",
                            why="its address may not connect (allow, deny)")
            for wrong in (connect_packet("bare"), v2("192.0.2.1", 1, b"\x04\0\x09")):
                one = self.dial(broker.port)
                one.sendall(wrong)
                self.assertEnds(one)
            broker.wait_for("connection.refused", count=3)
            broker.wait_for("connection.refused",
                            why="the connection does not begin with a PROXY header")

    def test_nobody_else_may_speak_for_others(self):
        with self.broker(proxy_protocol={"from": ["10.0.0.0/8", "127.0.0.2"]}) as broker:
            one = self.dial(broker.port)
            self.assertEnds(one)
            broker.wait_for("listener.refused", listener="first")
            one = self.dial(broker.port, "127.0.0.2")
            one.sendall(v2("192.0.2.1", 7) + connect_packet("c"))
            self.assertAccepted(one)
            one = self.dial(broker.ports()[1])
            one.sendall(v2("192.0.2.1", 7) + connect_packet("c"))
            self.assertEnds(one)
            broker.wait_for("client.disconnected", what="a PROXY header, but the listener has no "
                            "proxy_protocol.from")

    def test_the_header_comes_before_tls(self):
        authority = Authority()
        self.addCleanup(authority.close)
        with self.broker(proxy_protocol={"from": "127.0.0.1"}, tls=authority.tls()) as broker:
            one = self.dial(broker.port)
            for byte in v2("192.0.2.1", 4000):
                one.sendall(bytes([byte]))
            secure = client_context(authority).wrap_socket(one, server_hostname="localhost")
            self.addCleanup(secure.close)
            secure.sendall(connect_packet("c"))
            self.assertAccepted(secure)
            broker.wait_for("client.connected", client="c", peer="192.0.2.1:4000")

    def test_networks_are_allowed_and_denied(self):
        with self.broker(allow="127.0.0.0/28", deny="127.0.0.13") as broker:
            for address in ("127.0.0.13", "127.0.0.16"):
                self.assertEnds(self.dial(broker.port, address))
            one = self.dial(broker.port, "127.0.0.12")
            one.sendall(connect_packet("c"))
            self.assertAccepted(one)

    def test_versions_can_be_limited(self):
        with self.broker(versions="3.1.1") as broker:
            old = packet(0x10, text("MQIsdp") + b"\x03\x02\0\x3c" + text("old"))
            one = self.dial(broker.port)
            one.sendall(old)
            self.assertEqual(one.recv(4), b"\x20\x02\0\x01")
            self.assertEnds(one)
            RawClient(broker.port, "new").disconnect()
            one = self.dial(broker.ports()[1])
            one.sendall(old)
            self.assertAccepted(one)


class UnixSockets(unittest.TestCase):
    def setUp(self):
        self.directory = tempfile.TemporaryDirectory(prefix="godwit-unix-")
        self.addCleanup(self.directory.cleanup)
        self.path = self.directory.name + "/mqtt.sock"

    def broker(self):
        return Broker(config={"shards": 2, "listeners": [
            {"name": "local", "bind": self.path}, loopback_listener(name="plain")]})

    def test_serve_clients_on_all_shards(self):
        with self.broker() as broker:
            self.assertEqual(stat.S_IMODE(os.stat(self.path).st_mode), 0o660)
            self.assertTrue(broker.lines("listener.open", address="unix:" + self.path))
            for i in range(6):
                with socket.socket(socket.AF_UNIX) as one:
                    one.settimeout(30)
                    one.connect(self.path)
                    one.sendall(connect_packet(f"c{i}") + packet(0xE0, b""))
                    self.assertEqual(one.recv(100), b"\x20\x02\0\0")
                    self.assertEqual(one.recv(100), b"")
                broker.wait_for("client.connected", client=f"c{i}", peer="unix:" + self.path)
            with socket.socket(socket.AF_UNIX) as rude:
                rude.settimeout(30)
                rude.connect(self.path)
                rude.sendall(b"\0" * 100_000)
                self.assertEqual(rude.recv(100), b"")
        self.assertFalse(os.path.exists(self.path))

    def test_mosquitto_uses_them(self):
        with self.broker() as broker:
            done = subprocess.run(["mosquitto_pub", "--unix", self.path, "-t", "t", "-m", "m",
                                   "-q", "1"], capture_output=True, timeout=60, check=False)
            self.assertEqual(done.returncode, 0, done.stderr)
            broker.wait_for("client.disconnected", reason="client_disconnected")

    def test_a_name_left_behind_is_taken_and_a_used_one_is_not(self):
        with socket.socket(socket.AF_UNIX) as left:
            left.bind(self.path)
        with self.broker():
            second = self.broker()
            self.addCleanup(second.clean_up)
            second.spawn()
            second.wait(expect=1)
            self.assertIn(f"{self.path} is already in use", second.log_text())


if __name__ == "__main__":
    unittest.main()
