"""The package's service under a real systemd: a clean Debian that is booted in a container.

Needs what package_test.py needs, and systemd-nspawn; the container shares the network of its host.
"""

import json
import pathlib
import shlex
import socket
import subprocess
import tempfile
import unittest

from clean_root import PATHS, SOURCE, CleanRoot, build

from harness import free_port
from raw_client import RawClient, packet, text
from scale import wait_until
from tls_world import Authority, TlsClient, client_context

BOOT_S = 120


def free_low_port():
    for port in range(1023, 1, -1):
        with socket.socket() as probe:
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
            return port
    raise AssertionError("no port below 1024 is free")


class Container:
    """A root that has been booted."""

    def __init__(self, root):
        self.log = tempfile.TemporaryFile()
        self.process = subprocess.Popen(
            ["systemd-nspawn", "--quiet", "--directory", str(root), "--register=no", "--keep-unit",
             "--console=pipe", "--boot"],
            stdin=subprocess.DEVNULL, stdout=self.log, stderr=subprocess.STDOUT)
        try:
            self.boot()
        except BaseException:
            self.power_off()
            raise

    def boot(self):
        self.init = wait_until(self.find_init, "systemd in the container")
        wait_until(lambda: self.ask("systemctl is-system-running").stdout.strip()
                   in ("running", "degraded"), "the end of the boot")

    def find_init(self):
        children = pathlib.Path(f"/proc/{self.process.pid}/task/{self.process.pid}/children")
        try:
            return int(children.read_text().split()[0])
        except (FileNotFoundError, IndexError):
            self.log.seek(0)
            assert self.process.poll() is None, self.log.read().decode()
            return None

    def ask(self, line):
        """A line for the shell in there, whatever its exit status."""
        return subprocess.run(
            ["nsenter", "--target", str(self.init), "--all", "--wd", "sh", "-c", line],
            env=PATHS, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
            text=True, timeout=BOOT_S, check=False)

    def run(self, line):
        done = self.ask(line)
        assert done.returncode == 0, f"{line}: status {done.returncode}\n{done.stdout}"
        return done.stdout

    def power_off(self):
        self.process.terminate()
        try:
            self.process.wait(BOOT_S)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        self.log.close()


class Service(CleanRoot):
    TOOLS = ("systemd-nspawn", "nsenter")
    INCLUDED = ("systemd", "systemd-sysv", "dbus")

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.install(build(cls.directory / "package", "0.1.0"))
        cls.configuration = cls.root / "etc/godwit/godwit.yaml"
        cls.delivered = cls.configuration.read_text()
        cls.port, cls.http = free_port(), free_port()
        cls.mine = cls.delivered.replace("1883", str(cls.port)).replace("9883", str(cls.http))
        cls.configuration.write_text(cls.mine)
        # LeakSanitizer traces the process at its end, which the unit forbids.
        manager = cls.root / "etc/systemd/system.conf.d"
        manager.mkdir()
        (manager / "sanitizers.conf").write_text(
            "[Manager]\nDefaultEnvironment=ASAN_OPTIONS=detect_leaks=0\n")
        cls.container = Container(cls.root)
        cls.addClassCleanup(cls.container.power_off)

    def setUp(self):
        self.run_inside = self.container.run
        self.addCleanup(self.restore)

    def restore(self):
        """As it was delivered, and started."""
        self.container.ask("systemctl disable --now godwit.socket; rm -f "
                           "/etc/systemd/system/godwit.socket; rm -rf "
                           "/etc/systemd/system/godwit.service.d; rm -f /etc/godwit/conf.d/*")
        self.configuration.write_text(self.mine)
        self.run_inside("systemctl daemon-reload; systemctl reset-failed; "
                        "systemctl restart godwit")

    def configure(self, more, name="more"):
        (self.root / f"etc/godwit/conf.d/{name}.yaml").write_text(more)

    def drop_in(self, lines):
        directory = self.root / "etc/systemd/system/godwit.service.d"
        directory.mkdir(exist_ok=True)
        (directory / "more.conf").write_text("[Service]\n" + lines)
        self.run_inside("systemctl daemon-reload")

    def show(self, name):
        return self.run_inside(f"systemctl show --value --property {name} godwit").strip()

    def wait_for_restart(self, main):
        """Until another process is the main one and ready; in between there is none, 0."""
        wait_until(lambda: self.show("MainPID") not in ("0", main) and
                   self.show("ActiveState") == "active", "the restart")

    def journal(self, *fields):
        """The entries of the service with these fields, one object each."""
        asked = " ".join(shlex.quote(field) for field in fields)
        lines = self.run_inside(f"journalctl -q -u godwit -o json {asked}").splitlines()
        return [json.loads(line) for line in lines]

    def publish_retained(self, topic):
        client = RawClient(self.port, "publisher")
        client.socket.sendall(packet(0x33, text(topic) + b"\0\1" + b"kept"))
        self.assertEqual(client.read(4), b"\x40\2\0\1")
        client.disconnect()

    def assert_retained(self, topic):
        client = RawClient(self.port, "reader")
        client.subscribe(topic)
        expected = packet(0x31, text(topic) + b"kept")
        self.assertEqual(client.read(len(expected)), expected)
        client.disconnect()

    def test_it_is_started_with_the_machine_and_ready_when_systemctl_returns(self):
        self.assertEqual(self.show("ActiveState"), "active")
        self.assertEqual(self.show("User"), "godwit")
        for _ in range(5):
            self.run_inside("systemctl reset-failed godwit; systemctl restart godwit")
            RawClient(self.port, "at-once").disconnect()
        self.assertIn(f"127.0.0.1:{self.port}", self.show("StatusText"))
        self.assertIn(self.show("StatusText"), self.run_inside("systemctl status godwit"))
        self.assertIn("shards", self.run_inside("godwitctl status"))

    def test_a_stop_is_orderly(self):
        client = RawClient(self.port, "connected")
        self.run_inside("systemctl stop godwit")
        client.expect_end()
        client.close()
        self.assertEqual(self.show("Result"), "success")
        self.assertEqual(self.show("ExecMainStatus"), "0")
        self.assertTrue(self.journal("GODWIT_EVENT=broker.balance"))

    def test_a_reload(self):
        self.configure("connection:\n  connect_timeout: 7s\n")
        self.assertIn("connection.connect_timeout", self.run_inside("godwitctl config diff"))
        main = self.show("MainPID")
        self.run_inside("systemctl reload godwit")
        wait_until(lambda: self.journal("GODWIT_EVENT=reload.applied"), "reload.applied")
        self.assertEqual(self.show("MainPID"), main)
        self.configure("connection:\n  connect_timeout: soon\n")
        self.assertNotEqual(self.container.ask("systemctl reload godwit").returncode, 0)
        wait_until(lambda: self.journal("GODWIT_EVENT=reload.mistake"), "reload.mistake")
        RawClient(self.port, "still").disconnect()

    def test_the_journal_has_the_fields(self):
        RawClient(self.port, "phone-1").disconnect()
        RawClient(self.port, "phone-2").disconnect()
        wait_until(lambda: self.journal("GODWIT_CLIENT=phone-1",
                                        "GODWIT_EVENT=client.disconnected"), "the line")
        lines = self.journal("GODWIT_CLIENT=phone-1")
        self.assertEqual({line["GODWIT_CLIENT"] for line in lines}, {"phone-1"})
        found = self.run_inside("journalctl -u godwit -o json --output-fields=MESSAGE,GODWIT_PEER "
                                "GODWIT_EVENT=client.connected").splitlines()
        self.assertIn("127.0.0.1:", json.loads(found[-1])["GODWIT_PEER"])
        self.run_inside("journalctl -u godwit GODWIT_CLIENT=phone-1")

    def test_who_is_killed_is_started_again_with_what_it_acknowledged(self):
        self.publish_retained("kept/after/kill")
        main = self.show("MainPID")
        self.run_inside(f"kill -KILL {main}")
        self.wait_for_restart(main)
        self.assert_retained("kept/after/kill")

    def test_who_hangs_is_started_again(self):
        self.drop_in("WatchdogSec=2s\n")
        self.run_inside("systemctl restart godwit")
        main = self.show("MainPID")
        self.run_inside(f"kill -STOP {main}")
        self.wait_for_restart(main)
        RawClient(self.port, "again").disconnect()

    def test_a_mistake_in_the_configuration_is_said_once(self):
        self.configure("connection:\n  connect_timeout: soon\n")
        before = self.show("NRestarts")
        self.assertNotEqual(self.container.ask("systemctl restart godwit").returncode, 0)
        self.assertEqual(self.show("ActiveState"), "failed")
        self.assertEqual(self.show("ExecMainStatus"), "2")
        self.assertEqual(self.show("NRestarts"), before)
        said = self.run_inside("journalctl -u godwit -n 20")
        self.assertIn("/etc/godwit/conf.d/more.yaml:2", said)

    def test_a_low_port_and_a_key_that_its_user_cannot_read(self):
        low = free_low_port()
        authority = Authority()
        self.addCleanup(authority.close)
        keys = self.root / "etc/mqtt-keys"
        keys.mkdir(mode=0o700, exist_ok=True)
        for name in ("server.pem", "server.key"):
            (keys / name).write_bytes(pathlib.Path(authority.path(name)).read_bytes())
        self.drop_in("AmbientCapabilities=CAP_NET_BIND_SERVICE\n"
                     "CapabilityBoundingSet=CAP_NET_BIND_SERVICE\n"
                     "PrivateUsers=no\n"
                     "LoadCredential=server.key:/etc/mqtt-keys/server.key\n"
                     "LoadCredential=server.pem:/etc/mqtt-keys/server.pem\n")
        self.configuration.write_text(self.mine.replace("listeners:\n", (
            "listeners:\n"
            f"  - name: tls\n    bind: 127.0.0.1\n    port: {low}\n"
            "    tls:\n"
            "      certificate: credential:server.pem\n"
            "      key: credential:server.key\n")))
        self.run_inside("systemctl restart godwit")
        TlsClient(low, client_context(authority), "secure").disconnect()

    def test_sockets_of_systemd(self):
        low = free_low_port()
        unit = (self.root / "usr/share/doc/godwit/examples/godwit.socket").read_text()
        unit = unit.replace("127.0.0.1:1883", f"127.0.0.1:{self.port}")
        unit = unit.replace("[::]:443", f"127.0.0.1:{low}")
        (self.root / "etc/systemd/system/godwit.socket").write_text(unit)
        self.configuration.write_text(self.mine.replace("listeners:\n", (
            f"listeners:\n  - name: low\n    bind: 127.0.0.1\n    port: {low}\n")))
        self.run_inside("systemctl stop godwit; systemctl daemon-reload; "
                        "systemctl enable --now godwit.socket")
        self.assertEqual(self.show("ActiveState"), "inactive")
        RawClient(low, "starts-it").disconnect()
        RawClient(self.port, "other-port").disconnect()
        self.assertEqual(self.show("ActiveState"), "active")

    def test_backup_and_restore(self):
        """The commands of docs/operations.md."""
        self.publish_retained("kept/in/backup")
        guide = (SOURCE / "docs/operations.md").read_text()
        commands = guide.split("As root, with the package's configuration:")[1].split("```")[1]
        self.assertEqual(commands.count("godwitd store"), 3)
        before, after = commands.split("systemctl stop godwit\n")
        self.run_inside("set -e\n" + before)
        self.run_inside("godwitctl retained delete kept/in/backup")
        self.run_inside("set -e\ncd /var/lib/godwit\nsystemctl stop godwit\n" + after)
        self.assert_retained("kept/in/backup")
        self.run_inside("godwitctl backup /var/lib/godwit/backups/second")
        self.run_inside("godwitd store verify --store /var/lib/godwit/backups/second")

    def test_its_exposure(self):
        said = self.run_inside("systemd-analyze --no-pager security godwit")
        level = float(said.rsplit("Overall exposure level for godwit.service: ", 1)[1].split()[0])
        self.assertLessEqual(level, 1.5)


if __name__ == "__main__":
    unittest.main()
