"""A client of MQTT 5 that logs in with SCRAM-SHA-256, from bytes up, and renews its login."""

import base64
import hashlib
import hmac
import os
import socket

from raw_client import packet, read_exactly, text

METHOD, DATA, REASON = 0x15, 0x16, 0x1F


class Exchange:
    """The client's side of one exchange [RFC 5802]."""

    def __init__(self, user, password):
        self.password = password.encode()
        name = user.replace("=", "=3D").replace(",", "=2C")
        self.bare = f"n={name},r={base64.b64encode(os.urandom(12)).decode()}"
        self.signature = None

    def first(self):
        return ("n,," + self.bare).encode()

    def final(self, challenge):
        fields = dict(part.split("=", 1) for part in challenge.decode().split(","))
        assert fields["r"].startswith(self.bare.rsplit("r=", 1)[1])
        salted = hashlib.pbkdf2_hmac("sha256", self.password, base64.b64decode(fields["s"]),
                                     int(fields["i"]))
        mac = lambda key, said: hmac.digest(key, said, "sha256")
        without_proof = "c=biws,r=" + fields["r"]
        said = ",".join((self.bare, challenge.decode(), without_proof)).encode()
        key = mac(salted, b"Client Key")
        stored = hashlib.sha256(key).digest()
        proof = bytes(a ^ b for a, b in zip(key, mac(stored, said)))
        self.signature = b"v=" + base64.b64encode(mac(mac(salted, b"Server Key"), said))
        return f"{without_proof},p={base64.b64encode(proof).decode()}".encode()


def login(method, data):
    return bytes([METHOD]) + text(method) + bytes([DATA]) + text(data)


def block(properties):
    assert len(properties) < 16384
    size = len(properties)
    head = bytes([size]) if size < 128 else bytes([size & 0x7F | 0x80, size >> 7])
    return head + properties


def take_apart(data):
    """The properties of a CONNACK, AUTH or DISCONNECT: {identifier: bytes}."""
    size = data[0] & 0x7F
    at = 1
    if data[0] & 0x80:
        size |= data[1] << 7
        at = 2
    rest, out = data[at:at + size], {}
    lengths = {0x11: 4, 0x13: 2, 0x21: 2, 0x22: 2, 0x24: 1, 0x25: 1, 0x27: 4, 0x28: 1, 0x29: 1,
               0x2A: 1}
    while rest:
        kind, rest = rest[0], rest[1:]
        count = lengths.get(kind)
        if count is None:
            count = int.from_bytes(rest[:2], "big")
            rest = rest[2:]
        out[kind], rest = rest[:count], rest[count:]
    return out


class ScramClient:
    """`code` is that of the CONNACK."""

    def __init__(self, port, client_id, user, password, method="SCRAM-SHA-256", name=None):
        self.socket = socket.create_connection(("127.0.0.1", port), timeout=60)
        self.method = method
        self.exchange = Exchange(user, password)
        properties = login(method, self.exchange.first())
        flags = 0x02 | (0x80 if name is not None else 0)
        body = text("MQTT") + bytes([5, flags]) + b"\0\0" + block(properties) + text(client_id)
        if name is not None:
            body += text(name)
        self.socket.sendall(packet(0x10, body))
        first, said = self.read_packet()
        if first == 0xF0:
            assert said[0] == 0x18
            self.answer(said)
            first, said = self.read_packet()
        assert first == 0x20, hex(first)
        self.code = said[1]
        if self.code == 0:
            granted = take_apart(said[2:])
            assert granted[METHOD] == method.encode()
            assert granted[DATA] == self.exchange.signature, "the broker does not know the user"

    def answer(self, said):
        """The final message, to an AUTH 0x18 whose body is `said`."""
        asked = take_apart(said[1:])
        assert asked[METHOD] == self.method.encode()
        self.send_auth(0x18, self.exchange.final(asked[DATA]))

    def send_auth(self, code, data):
        self.socket.sendall(packet(0xF0, bytes([code]) + block(login(self.method, data))))

    def renew(self, user, password):
        """Re-authentication: AUTH's code 0, or that of the DISCONNECT."""
        self.exchange = Exchange(user, password)
        self.send_auth(0x19, self.exchange.first())
        first, said = self.read_packet()
        if first == 0xF0:
            self.answer(said)
            first, said = self.read_packet()
        if first == 0xF0 and said[0] == 0:
            assert take_apart(said[1:])[DATA] == self.exchange.signature
            return 0
        assert first == 0xE0, hex(first)
        return said[0]

    def read(self, count):
        return read_exactly(self.socket, count)

    def read_packet(self):
        first = self.read(1)[0]
        size = shift = 0
        while True:
            digit = self.read(1)[0]
            size |= (digit & 0x7F) << shift
            shift += 7
            if not digit & 0x80:
                return first, self.read(size)

    def ping(self):
        self.socket.sendall(b"\xc0\0")
        assert self.read_packet() == (0xD0, b"")

    def is_closed(self):
        return self.socket.recv(1) == b""

    def close(self):
        self.socket.close()
