"""As little of MQTT as a test of the daemon's life needs: connect, subscribe, publish, read."""

import socket


def text(value):
    data = value.encode() if isinstance(value, str) else value
    return len(data).to_bytes(2, "big") + data


def packet(first_byte, body):
    length, digits = len(body), b""
    while True:
        length, digit = divmod(length, 128)
        digits += bytes([digit | (0x80 if length else 0)])
        if not length:
            return bytes([first_byte]) + digits + body


def connect_packet(client_id, clean=True, keep_alive_s=60):
    flags = 0x02 if clean else 0x00
    return packet(0x10, text("MQTT") + bytes([4, flags]) + keep_alive_s.to_bytes(2, "big")
                  + text(client_id))


def read_exactly(source, count):
    """So many bytes from a socket; the broker must not end before."""
    data = b""
    while len(data) < count:
        more = source.recv(count - len(data))
        assert more, "the broker closed the connection"
        data += more
    return data


class RawClient:
    def __init__(self, port, client_id, clean=True, address="127.0.0.1"):
        self.socket = socket.create_connection((address, port), timeout=30)
        self.address = "%s:%d" % self.socket.getsockname()[:2]
        self.socket.sendall(connect_packet(client_id, clean))
        assert self.read(4)[3] == 0, "refused"

    def read(self, count):
        return read_exactly(self.socket, count)

    def subscribe(self, topic, qos=0):
        self.socket.sendall(packet(0x82, b"\0\1" + text(topic) + bytes([qos])))
        assert self.read(5)[4] == qos, "not granted"

    def publish(self, topic, payload):
        self.socket.sendall(packet(0x30, text(topic) + payload))

    def disconnect(self):
        self.socket.sendall(packet(0xE0, b""))
        self.expect_end()
        self.close()

    def expect_end(self):
        """The broker ends the connection in order: end of stream, not a reset."""
        while self.socket.recv(65536):
            pass

    def close(self):
        self.socket.close()
