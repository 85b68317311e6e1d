"""MQTT by hand: packets as bytes and a socket that reads them. For what no library would send."""

import collections
import select
import socket
import struct
import time

CONNECT, CONNACK, PUBLISH, PUBACK, PUBREC, PUBREL, PUBCOMP = 1, 2, 3, 4, 5, 6, 7
SUBSCRIBE, SUBACK, UNSUBSCRIBE, UNSUBACK, PINGREQ, PINGRESP, DISCONNECT = 8, 9, 10, 11, 12, 13, 14

DEADLINE_S = 60


def text(value):
    """A string with its length, from str or bytes."""
    raw = value.encode() if isinstance(value, str) else value
    return struct.pack(">H", len(raw)) + raw


def remaining_length(size):
    out = bytearray()
    while True:
        size, low = divmod(size, 128)
        out.append(low | (128 if size else 0))
        if not size:
            return bytes(out)


def packet(first_byte, body=b""):
    return bytes([first_byte]) + remaining_length(len(body)) + body


def connect(client_id, version="3.1.1", clean=True, keep_alive=0, will=None, expiry=None):
    """`will`: (topic, payload, QoS, retain). `expiry` of the session, for version 5."""
    name = "MQIsdp" if version == "3.1" else "MQTT"
    level = {"3.1": 3, "3.1.1": 4, "5": 5}[version]
    flags = 2 if clean else 0
    properties, will_properties = b"", b""
    if version == "5":
        more = b"" if expiry is None else b"\x11" + struct.pack(">I", expiry)
        properties, will_properties = remaining_length(len(more)) + more, b"\0"
    left = b""
    if will:
        topic, payload, qos, retain = will
        flags |= 4 | qos << 3 | (0x20 if retain else 0)
        left = will_properties + text(topic) + text(payload)
    return packet(0x10, text(name) + bytes([level, flags]) + struct.pack(">H", keep_alive)
                  + properties + text(client_id) + left)


def subscribe(packet_id, *filters, version="3.1.1"):
    body = b"".join(text(name) + bytes([qos]) for name, qos in filters)
    properties = b"\0" if version == "5" else b""
    return packet(0x82, struct.pack(">H", packet_id) + properties + body)


def publish(topic, payload=b"", qos=0, packet_id=1, retain=False):
    head = text(topic) + (struct.pack(">H", packet_id) if qos else b"")
    return packet(0x30 | qos << 1 | retain, head + payload)


class Wire:
    """A connection to the broker on which the test decides about every byte."""

    def __init__(self, port, before=lambda one: None):
        """`before` may set options of the socket, ahead of its connect."""
        self.socket = socket.socket()
        self.socket.settimeout(DEADLINE_S)
        before(self.socket)
        self.socket.connect(("127.0.0.1", port))
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.version = "3.1.1"
        self._bytes = bytearray()
        self._early = collections.deque()

    @property
    def address(self):
        """What the broker's log calls this peer."""
        return "%s:%d" % self.socket.getsockname()

    def send(self, data):
        self.socket.sendall(data)

    def receive(self, timeout=DEADLINE_S):
        """The next packet as (first byte, body); None at the end of the stream or the time."""
        end = time.monotonic() + timeout
        while (found := self._take()) is None:
            if not self._can_read(end - time.monotonic()):
                return None
            try:
                data = self.socket.recv(65536)
            except ConnectionResetError:
                return None
            if not data:
                return None
            self._bytes += data
        return found

    def expect(self, kind):
        got = self.receive()
        if got is None or got[0] >> 4 != kind:
            raise AssertionError(f"wanted a packet of type {kind}, got {got}")
        return got[1]

    def connect(self, client_id, **options):
        """CONNECT, and the CONNACK's body."""
        self.version = options.get("version", "3.1.1")
        self.send(connect(client_id, **options))
        answer = self.expect(CONNACK)
        if answer[1] != 0:
            raise AssertionError(f"{client_id} was refused: {answer!r}")
        return answer

    def subscribe(self, *filters):
        """SUBSCRIBE, and the SUBACK's codes. Messages may come before it; they are kept."""
        self.send(subscribe(1, *filters, version=self.version))
        while (got := self.receive()) is not None and got[0] >> 4 == PUBLISH:
            self._early.append(got)
        if got is None or got[0] >> 4 != SUBACK:
            raise AssertionError(f"wanted a SUBACK, got {got}")
        return got[1][3:] if self.version == "5" else got[1][2:]

    def receive_publish(self, timeout=DEADLINE_S):
        """The next PUBLISH as (topic, payload), acknowledged; None when the time is over."""
        got = self._early.popleft() if self._early else self.receive(timeout)
        if got is None:
            return None
        first, body = got
        if first >> 4 != PUBLISH:
            raise AssertionError(f"wanted a PUBLISH, got {got}")
        size = struct.unpack(">H", body[:2])[0]
        rest = body[2 + size:]
        if first & 6 == 2:
            self.send(packet(0x40, rest[:2]))
        payload = rest[2:] if first & 6 else rest
        if self.version == "5":
            assert payload[0] < 128, "long properties"
            payload = payload[1 + payload[0]:]
        return body[2:2 + size].decode(), payload

    def wait_for_end(self, timeout=DEADLINE_S):
        """Reads until the broker closes; returns the bytes that came before, or None: no end."""
        end = time.monotonic() + timeout
        got = bytes(self._bytes)
        while self._can_read(end - time.monotonic()):
            try:
                data = self.socket.recv(65536)
            except ConnectionResetError:
                return got
            if not data:
                return got
            got += data
        return None

    def close(self):
        self.socket.close()

    def reset(self):
        """Ends the connection with a RST."""
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.socket.close()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def _can_read(self, timeout):
        look = select.poll()  # select() knows no file above 1023
        look.register(self.socket, select.POLLIN)
        return bool(look.poll(max(0, timeout) * 1000))

    def _take(self):
        size = 0
        for i in range(1, 5):
            if len(self._bytes) <= i:
                return None
            size |= (self._bytes[i] & 127) << 7 * (i - 1)
            if not self._bytes[i] & 128:
                break
        end = i + 1 + size
        if len(self._bytes) < end:
            return None
        found = self._bytes[0], bytes(self._bytes[i + 1:end])
        del self._bytes[:end]
        return found
