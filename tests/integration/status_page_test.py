"""The status page in a real browser, headless Chromium."""

import concurrent.futures
import contextlib
import json
import os
import pathlib
import re
import shutil
import subprocess
import tempfile
import threading
import unittest

from daemon_http_test import free_port, get
from harness import Broker, loopback_listener
from raw_client import RawClient, packet, text

CHROMIUM = shutil.which("chromium")


class Served(unittest.TestCase):
    def test_nothing_comes_from_elsewhere(self):
        port = free_port()
        with Broker({"listeners": [loopback_listener()], "http": {"port": port}}) as broker:
            client = RawClient(broker.port, "one")
            status, page = get(port, "/")
            self.assertEqual(status, 200)
            self.assertEqual(re.findall(r"https?://[^\s\"']+", page), [])
            status, figures = get(port, "/status.json")
            self.assertEqual(status, 200)
            self.assertEqual(json.loads(figures)["now"]["clients_connected"], 1)
            client.disconnect()


@unittest.skipUnless(CHROMIUM, "Debian's package chromium is not installed")
class Browser(unittest.TestCase):
    def browse(self, port, directory, *options):
        return subprocess.run(
            [CHROMIUM, "--headless=new", "--no-sandbox", "--disable-gpu", "--window-size=1000,1100",
             "--user-data-dir=" + directory, "--virtual-time-budget=9000", *options,
             f"http://127.0.0.1:{port}/"],
            capture_output=True, text=True, timeout=180, check=True).stdout

    @contextlib.contextmanager
    def devices(self, port):
        """Twelve listen, four sleep while messages wait for them, and one goes on sending."""
        for i in range(4):
            sleeper = RawClient(port, f"sleeper-{i}", clean=False)
            sleeper.subscribe("alarms/#", qos=1)
            sleeper.disconnect()
        clients = [RawClient(port, f"phone-{i}") for i in range(12)]
        for i, client in enumerate(clients):
            client.subscribe(f"rooms/{i}/#")
        sender = RawClient(port, "sensor")
        for i in range(25):
            sender.socket.sendall(packet(0x32, text("alarms/door") + b"\0\1open"))
            sender.read(4)
        ended = threading.Event()

        def send():
            while not ended.wait(0.02):
                for i in range(12):
                    sender.publish(f"rooms/{i}/temperature", b"21.5")

        with concurrent.futures.ThreadPoolExecutor() as pool:
            sending = pool.submit(send)
            try:
                yield
            finally:
                ended.set()
            sending.result()
        for client in [sender, *clients]:
            client.disconnect()

    def test_it_shows_what_the_broker_does(self):
        port = free_port()
        with Broker({"shards": 2, "http": {"port": port}}) as broker, \
                tempfile.TemporaryDirectory() as directory, self.devices(broker.port):
            resting = "<b>0</b><span>publishes received</span>"
            # The browser's time runs ahead, so its last two looks may have met no message.
            for _ in range(10):
                page = self.browse(port, directory, "--dump-dom")
                if resting not in page:
                    break
            self.assertIn("serving, store good", page)
            self.assertIn("<b>13</b><span>clients connected</span>", page)
            self.assertIn("<b>4</b><span>sessions offline</span>", page)
            self.assertIn("<b>100</b><span>queued messages</span>", page)
            self.assertNotIn(resting, page)
            wanted = os.environ.get("GODWIT_SCREENSHOT")
            if wanted:
                self.browse(port, directory, "--screenshot=" + str(pathlib.Path(wanted).resolve()))


if __name__ == "__main__":
    unittest.main()
