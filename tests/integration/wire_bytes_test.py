"""What a phone's day costs on the wire: 100 messages of 200 bytes to the broker over TLS, beside
the same as HTTPS requests. Bytes of TLS and above, both directions, TCP and IP not counted."""

import http.server
import socket
import ssl
import threading
import unittest

from raw_client import connect_packet, packet, text
from tls_world import Authority, client_context, tls_broker

MESSAGES = 100
PAYLOAD = b"x" * 200
PINGS = 96  # one every 15 minutes


class CountingTls:
    """A TLS client over memory, so that every byte of both directions is counted."""

    def __init__(self, port, context, session=None):
        self.socket = socket.create_connection(("127.0.0.1", port), timeout=30)
        self.incoming, self.outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
        self.tls = context.wrap_bio(self.incoming, self.outgoing, server_hostname="localhost",
                                    session=session)
        self.sent = self.received = 0
        self.do(self.tls.do_handshake)
        self.handshake = self.total

    @property
    def total(self):
        return self.sent + self.received

    def flush(self):
        data = self.outgoing.read()
        self.sent += len(data)
        self.socket.sendall(data)

    def do(self, what, *arguments):
        while True:
            try:
                result = what(*arguments)
                self.flush()
                return result
            except ssl.SSLWantReadError:
                self.flush()
                data = self.socket.recv(65536)
                self.received += len(data)
                if not data:
                    self.incoming.write_eof()
                self.incoming.write(data)

    def write(self, data):
        self.do(self.tls.write, data)

    def read(self, count):
        data = b""
        while len(data) < count:
            data += self.do(self.tls.read, count - len(data))
        return data

    def close(self):
        self.socket.close()


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_POST(self):
        self.rfile.read(int(self.headers["Content-Length"]))
        self.send_response(204)
        self.end_headers()

    def log_message(self, *_):
        pass


class HttpsServer(http.server.ThreadingHTTPServer):
    """Each connection shakes hands on its own thread."""

    def finish_request(self, request, client_address):
        with self.context.wrap_socket(request, server_side=True) as secure:
            super().finish_request(secure, client_address)


class Day(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.authority = Authority()
        cls.addClassCleanup(cls.authority.close)

    def messages_over_mqtt(self, client, qos, count):
        for i in range(count):
            if qos == 0:
                client.write(packet(0x30, text("p/1/s") + PAYLOAD))
            else:
                client.write(packet(0x32, text("p/1/s") + (i + 1).to_bytes(2, "big") + PAYLOAD))
                client.read(4)

    def mqtt_day(self, port, context, qos, connections):
        """The day over so many connections, each but the first with the session of the last."""
        total, session, handshakes = 0, None, []
        for _ in range(connections):
            client = CountingTls(port, context, session)
            client.write(connect_packet("phone"))
            client.read(4)
            self.messages_over_mqtt(client, qos, MESSAGES // connections)
            for _ in range(PINGS // connections):
                client.write(packet(0xC0, b""))
                client.read(2)
            client.write(packet(0xE0, b""))
            session = client.tls.session
            handshakes.append(client.handshake)
            total += client.total
            client.close()
        return total, handshakes

    def https_day(self, port, context, connections):
        request = (b"POST /messages HTTP/1.1\r\nHost: broker.example\r\nUser-Agent: phone/1.0\r\n"
                   b"Accept: */*\r\nContent-Type: application/octet-stream\r\n"
                   b"Content-Length: 200\r\n\r\n" + PAYLOAD)
        total, session = 0, None
        for _ in range(connections):
            client = CountingTls(port, context, session)
            for _ in range(MESSAGES // connections):
                client.write(request)
                answer = b""
                while not answer.endswith(b"\r\n\r\n"):
                    answer += client.read(1)
            session = client.tls.session
            total += client.total
            client.close()
        return total

    def test_mqtt_needs_a_fraction_of_https(self):
        server = HttpsServer(("127.0.0.1", 0), Handler)
        server.context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        server.context.load_cert_chain(self.authority.path("server.pem"),
                                       self.authority.path("server.key"))
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        self.addCleanup(thread.join)
        self.addCleanup(server.server_close)
        self.addCleanup(server.shutdown)
        context = client_context(self.authority)
        https = server.server_address[1]
        with tls_broker(self.authority.tls()) as broker:
            rows = {}
            for qos in (0, 1):
                one, _ = self.mqtt_day(broker.port, context, qos, 1)
                ten, handshakes = self.mqtt_day(broker.port, context, qos, 10)
                rows[f"MQTT QoS {qos}, one connection and {PINGS} pings"] = one
                rows[f"MQTT QoS {qos}, ten connections, resumed"] = ten
                self.assertLess(max(handshakes[1:]), handshakes[0], "resumption saves bytes")
            rows["HTTPS, one connection"] = self.https_day(https, context, 1)
            rows["HTTPS, ten connections, resumed"] = self.https_day(https, context, 10)
            rows["HTTPS, a connection for each message, resumed"] = \
                self.https_day(https, context, MESSAGES)
        print()
        for name, total in rows.items():
            print(f"{name:50} {total:8} bytes, {total / MESSAGES - len(PAYLOAD):6.0f} more than "
                  "the payload for each message")
        payload = MESSAGES * len(PAYLOAD)
        mqtt = rows[f"MQTT QoS 0, one connection and {PINGS} pings"] - payload
        self.assertLess(mqtt * 3, rows["HTTPS, a connection for each message, resumed"] - payload)
        self.assertLess(mqtt, rows["HTTPS, one connection"] - payload)


if __name__ == "__main__":
    unittest.main()
