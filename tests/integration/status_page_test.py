"""The status page in a real browser, headless Chromium."""

import json
import os
import pathlib
import re
import shutil
import subprocess
import tempfile
import unittest

from daemon_http_test import free_port, get
from harness import Broker, loopback_listener
from raw_client import RawClient

CHROMIUM = shutil.which("chromium")


class Served(unittest.TestCase):
    def test_nothing_comes_from_elsewhere(self):
        port = free_port()
        with Broker({"listeners": [loopback_listener()], "http": {"port": port}}) as broker:
            client = RawClient(broker.port, "one")
            status, page = get(port, "/")
            self.assertEqual(status, 200)
            self.assertEqual(re.findall(r"https?://[^\s\"']+", page), [])
            status, text = get(port, "/status.json")
            self.assertEqual(status, 200)
            self.assertEqual(json.loads(text)["now"]["clients_connected"], 1)
            client.disconnect()


@unittest.skipUnless(CHROMIUM, "Debian's package chromium is not installed")
class Browser(unittest.TestCase):
    def browse(self, port, directory, *options):
        return subprocess.run(
            [CHROMIUM, "--headless=new", "--no-sandbox", "--disable-gpu", "--window-size=1000,1100",
             "--user-data-dir=" + directory, "--virtual-time-budget=9000", *options,
             f"http://127.0.0.1:{port}/"],
            capture_output=True, text=True, timeout=180, check=True).stdout

    def test_it_shows_what_the_broker_does(self):
        port = free_port()
        with Broker({"shards": 2, "http": {"port": port}}) as broker, \
                tempfile.TemporaryDirectory() as directory:
            clients = [RawClient(broker.port, f"c-{i}") for i in range(3)]
            page = self.browse(port, directory, "--dump-dom")
            self.assertIn("serving, store good", page)
            self.assertIn("<b>3</b><span>clients connected</span>", page)
            self.assertIn("publishes received", page)
            wanted = os.environ.get("GODWIT_SCREENSHOT")
            if wanted:
                self.browse(port, directory, "--screenshot=" + str(pathlib.Path(wanted).resolve()))
            for client in clients:
                client.disconnect()


if __name__ == "__main__":
    unittest.main()
