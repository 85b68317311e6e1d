"""The Debian package in a clean Debian: install, run as its user, upgrade, remove, purge.

Needs root, debootstrap, lintian, dpkg-dev and debhelper, and network or a mirror for debootstrap;
skips with a clear word where one is missing. GODWIT_PREBUILT names a build directory whose programs
are packed (build/release), so that the test does not compile everything anew.
"""

import subprocess
import unittest

from clean_root import PATHS, CleanRoot, build, run

from harness import free_port
from raw_client import RawClient
from scale import wait_until


class Package(CleanRoot):
    TOOLS = ("lintian",)

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.first = build(cls.directory / "first", "0.1.0")
        cls.second = build(cls.directory / "second", "0.1.1")
        run("mount", "-t", "proc", "proc", str(cls.root / "proc"))
        cls.addClassCleanup(run, "umount", str(cls.root / "proc"))

    def start(self):
        """The unit's ExecStart as the unit's user."""
        unit = (self.root / "lib/systemd/system/godwit.service").read_text()
        lines = dict(line.split("=", 1) for line in unit.splitlines() if "=" in line)
        self.assertEqual(lines["User"], "godwit")
        run_directory = self.root / "run/godwit"
        run_directory.mkdir(exist_ok=True)
        self.change_root("chown", "godwit:godwit", "/run/godwit")
        return subprocess.Popen(
            ["chroot", "--userspec=godwit:godwit", str(self.root), *lines["ExecStart"].split()],
            env=PATHS, stderr=subprocess.DEVNULL)

    def connect(self, client_id, clean=True):
        def connected():
            try:
                return RawClient(self.port, client_id, clean=clean)
            except OSError:
                return None
        return wait_until(connected, "somebody listens")

    def test_whole_life(self):
        self.assertNotIn("\nE:", "\n" + run("lintian", "--fail-on", "error", str(self.first)))
        self.install(self.first)
        for path in ["usr/bin/godwitd", "usr/bin/godwitctl", "usr/bin/godwit-bench",
                     "usr/share/man/man8/godwitd.8.gz", "usr/share/man/man1/godwitctl.1.gz",
                     "usr/share/man/man1/godwit-bench.1.gz", "usr/share/man/man5/godwit.yaml.5.gz",
                     "usr/share/bash-completion/completions/godwitctl"]:
            # minbase leaves manuals in; a root that does not would skip them here.
            self.assertTrue((self.root / path).exists(), path)
        self.assertIn("OK", self.change_root("godwitd", "--check", "--config",
                                             "/etc/godwit/godwit.yaml"))
        state = self.root / "var/lib/godwit"
        self.assertEqual(oct(state.stat().st_mode & 0o777), "0o700")

        config = self.root / "etc/godwit/godwit.yaml"
        self.port, http = free_port(), free_port()
        mine = config.read_text().replace("1883", str(self.port)).replace("9883", str(http))
        config.write_text(mine)
        broker = self.start()
        client = self.connect("kept", clean=False)
        client.subscribe("a", qos=1)
        client.disconnect()
        self.assertIn("kept", self.change_root("godwitctl", "clients", "list"))
        broker.terminate()
        self.assertEqual(broker.wait(60), 0)

        self.install(self.second)
        self.assertEqual(config.read_text(), mine, "an upgrade keeps what the operator wrote")
        broker = self.start()
        self.connect("other").disconnect()
        self.assertIn("kept", self.change_root("godwitctl", "clients", "list", "--offline"))
        broker.terminate()
        self.assertEqual(broker.wait(60), 0)

        self.change_root("apt-get", "remove", "-y", "godwit")
        self.assertFalse((self.root / "usr/bin/godwitd").exists())
        self.assertTrue(config.exists())
        self.assertTrue((state / "store/db").exists())
        self.change_root("apt-get", "purge", "-y", "godwit")
        for path in [config.parent, state, self.root / "var/log/godwit"]:
            self.assertFalse(path.exists(), path)
        self.assertIn("godwit:", (self.root / "etc/passwd").read_text(), "its number stays taken")


if __name__ == "__main__":
    unittest.main()
