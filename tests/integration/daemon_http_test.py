"""What operations ask over HTTP: /metrics, /healthz and /readyz of the real daemon."""

import http.client
import re
import shutil
import socket
import subprocess
import unittest

from harness import Broker, free_port, loopback_listener
from raw_client import RawClient


def get(port, path):
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=20)
    try:
        connection.request("GET", path)
        answer = connection.getresponse()
        return answer.status, answer.read().decode()
    finally:
        connection.close()


def value(text, sample):
    found = re.search("^" + re.escape(sample) + " (.*)$", text, re.MULTILINE)
    return float(found[1]) if found else None


class Watching(unittest.TestCase):
    def test_counters_health_and_readiness(self):
        port = free_port()
        with Broker({"listeners": [loopback_listener()], "http": {"port": port}}) as broker:
            self.assertEqual(get(port, "/healthz"), (200, "ok\n"))
            self.assertEqual(get(port, "/readyz"), (200, "ok\n"))
            self.assertEqual(get(port, "/other")[0], 404)
            client = RawClient(broker.port, "watched")
            broker.wait_for("client.connected", client="watched")
            status, text = get(port, "/metrics")
            client.disconnect()
            self.assertEqual(status, 200)
            self.assertEqual(value(text, "godwit_clients_connected"), 1)
            self.assertEqual(value(text, "godwit_connections_opened_total"), 1)
            self.assertEqual(value(text, 'godwit_packets_received_total{type="connect"}'), 1)
            self.assertEqual(value(text, 'godwit_store_state{state="good"}'), 1)
            self.assertGreater(value(text, "process_resident_memory_bytes"), 1e6)
            promtool = shutil.which("promtool")
            if promtool:
                subprocess.run([promtool, "check", "metrics"], input=text, text=True, check=True)

    def test_a_port_in_use_is_one_clear_line(self):
        with socket.socket() as taken:
            taken.bind(("127.0.0.1", 0))
            taken.listen()
            port = taken.getsockname()[1]
            broker = Broker({"listeners": [loopback_listener()], "http": {"port": port}}).spawn()
            try:
                broker.wait(expect=1)
                self.assertIn(f"127.0.0.1 port {port}", broker.log_text())
            finally:
                broker.clean_up()


if __name__ == "__main__":
    unittest.main()
