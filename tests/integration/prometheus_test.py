"""What packaging/prometheus holds, in Prometheus's own tool; the metrics it names exist."""

import json
import os
import pathlib
import re
import shutil
import subprocess
import sys
import unittest

from daemon_http_test import get
from harness import Broker, free_port, loopback_listener

DIRECTORY = pathlib.Path(os.environ["GODWIT_SOURCE"]) / "packaging/prometheus"
PROMTOOL = shutil.which("promtool")


@unittest.skipUnless(PROMTOOL, "Debian's package prometheus is not installed")
class Promtool(unittest.TestCase):
    def check(self, *words):
        done = subprocess.run([PROMTOOL, "check", *words], cwd=DIRECTORY, capture_output=True,
                              text=True, timeout=60, check=False)
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)

    def test_rules_and_configuration(self):
        self.check("rules", "godwit-alerts.yml")
        self.check("config", "prometheus.yml")


class Names(unittest.TestCase):
    def test_what_is_asked_for_exists(self):
        asked = (DIRECTORY / "godwit-alerts.yml").read_text()
        asked += (DIRECTORY / "godwit-dashboard.json").read_text()
        names = set(re.findall(r"\b(?:godwit|process)_[a-z_0-9]+", asked))
        self.assertGreater(len(names), 20)
        port = free_port()
        with Broker({"listeners": [loopback_listener()], "http": {"port": port}}):
            _, text = get(port, "/metrics")
        there = set(re.findall(r"^([a-z_0-9]+)[ {]", text, re.MULTILINE))
        self.assertEqual(names - there, set())

    def test_the_dashboard_is_what_its_list_makes(self):
        made = subprocess.run([sys.executable, "-B", DIRECTORY / "make_dashboard.py"],
                              capture_output=True, text=True, check=True).stdout
        self.assertEqual((DIRECTORY / "godwit-dashboard.json").read_text(), made)
        panels = json.loads(made)["panels"]
        self.assertEqual(len({panel["title"] for panel in panels}), len(panels))


if __name__ == "__main__":
    unittest.main()
