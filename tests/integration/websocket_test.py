"""MQTT over WebSocket and secure WebSocket: MQTT.js, and a client written by hand."""

import base64
import hashlib
import os
import socket
import subprocess
import unittest

from harness import Broker, loopback_listener
from raw_client import RawClient, connect_packet, packet, text
from tls_world import Authority, client_context

GUID = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11"
BINARY, CLOSE, PING, PONG = 0x82, 0x88, 0x89, 0x8A


def frame(first, payload, mask=b"\x01\x02\x03\x04"):
    size = len(payload)
    if size < 126:
        head = bytes([first, 0x80 | size])
    elif size < 65536:
        head = bytes([first, 0xFE]) + size.to_bytes(2, "big")
    else:
        head = bytes([first, 0xFF]) + size.to_bytes(8, "big")
    return head + mask + bytes(b ^ mask[i % 4] for i, b in enumerate(payload))


class WebsocketClient(RawClient):
    """RawClient whose bytes travel in frames; `socket` is a stand-in that makes and reads them."""

    def __init__(self, port, client_id=None, context=None, path="/mqtt", protocol="mqtt", more="",
                 part=None):
        self.raw = socket.create_connection(("127.0.0.1", port), timeout=30)
        self.address = "%s:%d" % self.raw.getsockname()[:2]
        if context:
            self.raw = context.wrap_socket(self.raw, server_hostname="localhost",
                                           suppress_ragged_eofs=False)
        key = base64.b64encode(os.urandom(16))
        self.raw.sendall(f"GET {path} HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\n"
                         f"Connection: Upgrade\r\nSec-WebSocket-Key: {key.decode()}\r\n"
                         f"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Protocol: {protocol}\r\n"
                         f"{more}\r\n".encode())
        self.answer = b""
        while not self.answer.endswith(b"\r\n\r\n"):
            more_bytes = self.raw.recv(1)
            assert more_bytes, self.answer
            self.answer += more_bytes
        self.status = int(self.answer.split()[1])
        self.part = part
        self.plain = b""
        self.controls = []
        self.socket = self
        if self.status != 101:
            return
        accept = base64.b64encode(hashlib.sha1(key + GUID).digest())
        assert b"Sec-WebSocket-Accept: " + accept in self.answer, self.answer
        if client_id is not None:
            self.sendall(connect_packet(client_id))
            assert self.read(4)[3] == 0, "refused"

    def sendall(self, data):
        """As one binary message, in fragments of `part` bytes if there is one."""
        part = self.part or len(data) or 1
        pieces = [data[i:i + part] for i in range(0, len(data), part)] or [b""]
        out = b""
        for i, piece in enumerate(pieces):
            opcode = 2 if i == 0 else 0
            out += frame(opcode | (0x80 if i + 1 == len(pieces) else 0), piece)
        self.raw.sendall(out)

    def exactly(self, count):
        data = b""
        while len(data) < count:
            more = self.raw.recv(count - len(data))
            if not more:
                raise EOFError
            data += more
        return data

    def read_frame(self):
        first, size = self.exactly(2)
        assert size < 128, "the server masks"
        if size >= 126:
            size = int.from_bytes(self.exactly(2 if size == 126 else 8), "big")
        return first, self.exactly(size)

    def recv(self, count):
        while not self.plain:
            try:
                first, payload = self.read_frame()
            except EOFError:
                return b""
            if first == BINARY:
                self.plain += payload
            else:
                self.controls.append((first, payload))
                if first == CLOSE:
                    return b""
        data, self.plain = self.plain[:count], self.plain[count:]
        return data

    def close(self):
        self.raw.close()


def websocket_broker(tls=None, shards=2, **more):
    listener = loopback_listener(name="ws", websocket={"path": "/mqtt", **more})
    if tls:
        listener["tls"] = tls
    return Broker(config={"listeners": [listener, loopback_listener(name="plain")],
                          "shards": shards})


class ByHand(unittest.TestCase):
    def test_packets_and_frames_have_their_own_borders(self):
        with websocket_broker() as broker:
            for part in (None, 1, 3):
                for i in range(4):  # on both shards
                    client = WebsocketClient(broker.port, f"c{i}", part=part)
                    client.subscribe("t", 0)
                    both = packet(0x30, text("t") + b"one") + packet(0x30, text("t") + b"two")
                    client.sendall(both)
                    self.assertEqual(client.read(len(both)), both)
                    large = packet(0x30, text("t") + b"x" * 200_000)
                    client.part = None
                    client.sendall(large)
                    self.assertEqual(client.read(len(large)), large)
                    client.disconnect()
                    self.assertEqual(client.controls, [(CLOSE, b"\x03\xe8")])

    def test_pings_are_answered_and_close_is_too(self):
        with websocket_broker() as broker:
            client = WebsocketClient(broker.port, "c")
            packet_bytes = packet(0xC0, b"")
            client.raw.sendall(frame(0x02, packet_bytes[:1]) + frame(PING, b"are you there")
                               + frame(0x80, packet_bytes[1:]))
            self.assertEqual(client.read(2), b"\xd0\0")
            self.assertEqual(client.controls, [(PONG, b"are you there")])
            client.raw.sendall(frame(CLOSE, b"\x03\xe9"))
            self.assertEqual(client.recv(10), b"")
            self.assertEqual(client.controls[-1], (CLOSE, b"\x03\xe9"))
            broker.wait_for("client.disconnected", client="c", reason="client_closed")
            client.close()

    def test_rude_frames_close_the_connection_with_the_right_code(self):
        for rude, code in ((frame(0x81, b"text"), 1003), (b"\x82\x01x", 1002),
                           (frame(0xC2, b"x"), 1002), (frame(0x80, b"x"), 1002),
                           (frame(0x89, b"p" * 126), 1002)):
            with self.subTest(rude=rude), websocket_broker(shards=1) as broker:
                client = WebsocketClient(broker.port, "rude")
                client.raw.sendall(rude)
                self.assertEqual(client.recv(10), b"")
                self.assertEqual(client.controls, [(CLOSE, code.to_bytes(2, "big"))])
                broker.wait_for("client.disconnected", client="rude", reason="connection_lost")
                client.close()

    def test_a_claimed_length_costs_nothing(self):
        with websocket_broker() as broker:
            clients = [WebsocketClient(broker.port) for _ in range(50)]
            for client in clients:
                client.raw.sendall(b"\x82\xff" + (2**62).to_bytes(8, "big") + b"\0" * 4 + b"\x10")
            other = WebsocketClient(broker.port, "other")
            other.disconnect()
            for client in clients:
                client.close()

    def test_other_requests_get_an_answer_of_http(self):
        with websocket_broker(origins=["https://app.example"]) as broker:
            for arguments, status in (({"path": "/other"}, 404), ({"protocol": "chat"}, 400),
                                      ({"more": "Origin: https://evil.example\r\n"}, 403),
                                      ({"more": "Origin: https://app.example\r\n"}, 101)):
                client = WebsocketClient(broker.port, **arguments)
                self.assertEqual(client.status, status)
                client.close()
            broker.wait_for("connection.refused", listener="ws",
                            why="the request is not for the listener's websocket.path")
            with socket.create_connection(("127.0.0.1", broker.port), timeout=30) as plain:
                plain.sendall(connect_packet("lost"))
                self.assertTrue(plain.recv(100).startswith(b"HTTP/1.1 400"))
            with socket.create_connection(("127.0.0.1", broker.port), timeout=30) as long:
                long.sendall(b"GET /mqtt HTTP/1.1\r\nX: " + b"x" * 9_000)
                self.assertTrue(long.recv(100).startswith(b"HTTP/1.1 431"))
            with socket.create_connection(("127.0.0.1", broker.ports()[1]), timeout=30) as http:
                http.sendall(b"GET /mqtt HTTP/1.1\r\n\r\n")
                self.assertEqual(http.recv(100), b"")
            broker.wait_for("client.disconnected", what="an HTTP request, but the listener has no "
                            "websocket.path")


class Secure(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.authority = Authority()
        cls.addClassCleanup(cls.authority.close)

    def test_wss_by_hand_with_both_ends(self):
        with websocket_broker(tls=self.authority.tls()) as broker:
            context = client_context(self.authority)
            for i in range(4):
                client = WebsocketClient(broker.port, f"c{i}", context=context, part=5)
                client.subscribe("t", 0)
                client.publish("t", b"through two layers")
                self.assertTrue(client.read(23).endswith(b"through two layers"))
                client.sendall(packet(0xE0, b""))
                client.expect_end()
                self.assertEqual(client.controls, [(CLOSE, b"\x03\xe8")])
                self.assertEqual(client.raw.recv(1), b"")  # close_notify: no exception
                client.close()
            refused = WebsocketClient(broker.port, context=context, path="/other")
            self.assertEqual((refused.status, refused.raw.recv(1)), (404, b""))
            refused.close()

    @unittest.skipUnless(os.environ.get("GODWIT_MQTTJS"), "needs MQTT.js")
    def test_mqttjs_over_ws_and_wss(self):
        script = """
            const mqtt = require('mqtt'); const fs = require('fs')
            const [url, version, ca] = process.argv.slice(1)
            const client = mqtt.connect(url, { protocolVersion: Number(version),
              protocolId: version === '3' ? 'MQIsdp' : 'MQTT', reconnectPeriod: 0,
              ca: ca ? fs.readFileSync(ca) : undefined })
            client.on('error', (e) => { console.error(e); process.exit(1) })
            client.on('connect', () => client.subscribe('a/b', { qos: 1 }, () =>
              client.publish('a/b', Buffer.alloc(100000, 'x'), { qos: 1 })))
            client.on('message', (t, m) => { console.log(t, m.length); client.end() })
        """
        for tls in (None, self.authority.tls()):
            with websocket_broker(tls=tls) as broker:
                for version in "34":
                    url = f"{'wss' if tls else 'ws'}://localhost:{broker.port}/mqtt"
                    command = ["node", "-e", script, url, version]
                    if tls:
                        command.append(self.authority.path("ca.pem"))
                    done = subprocess.run(command, cwd=os.environ["GODWIT_MQTTJS"], text=True,
                                          capture_output=True, timeout=120, check=False)
                    self.assertEqual((done.stdout, done.returncode), ("a/b 100000\n", 0),
                                     done.stderr)


if __name__ == "__main__":
    unittest.main()
