"""godwitd as a systemd service: the notify protocol and the unit file."""

import os
import pathlib
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import unittest

from harness import Broker, godwitd, loopback_listener
from raw_client import RawClient, connect_packet

UNIT = pathlib.Path(os.environ["GODWIT_SOURCE"]) / "packaging/systemd/godwit.service"
SOCKET = UNIT.with_name("godwit.socket")


class Notify(unittest.TestCase):
    def setUp(self):
        directory = tempfile.TemporaryDirectory()
        self.addCleanup(directory.cleanup)
        self.path = directory.name + "/notify"

    def manager(self, name):
        """Plays systemd."""
        listening = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.addCleanup(listening.close)
        listening.bind(name)
        listening.settimeout(60)
        return listening

    @staticmethod
    def receive(manager):
        return dict(line.split("=", 1) for line in manager.recv(4096).decode().splitlines())

    def test_a_whole_life_is_told(self):
        manager = self.manager(self.path)
        broker = Broker(environment={"NOTIFY_SOCKET": self.path})
        self.addCleanup(broker.clean_up)
        broker.spawn()
        ready = self.receive(manager)
        self.assertEqual(ready["READY"], "1")
        broker.wait_for("broker.ready")
        # Ready means that clients can connect, without trying twice.
        self.assertIn(f"127.0.0.1:{broker.port}", ready["STATUS"])
        RawClient(broker.port, "first").disconnect()

        broker.signal(signal.SIGHUP)
        reloading = self.receive(manager)
        self.assertEqual(reloading["RELOADING"], "1")
        self.assertTrue(reloading["MONOTONIC_USEC"].isdigit())
        self.assertEqual(self.receive(manager)["READY"], "1")

        broker.signal(signal.SIGTERM)
        self.assertEqual(self.receive(manager)["STOPPING"], "1")
        broker.wait(expect=0)

    def test_the_watchdog_is_fed_as_long_as_it_lives(self):
        manager = self.manager(self.path)
        with Broker({"shards": 3}, environment={"NOTIFY_SOCKET": self.path,
                                                "WATCHDOG_USEC": "400000"}) as broker:
            self.assertEqual(self.receive(manager)["READY"], "1")
            for _ in range(5):
                self.assertEqual(self.receive(manager), {"WATCHDOG": "1"})
            RawClient(broker.port, "served").disconnect()
            broker.process.send_signal(signal.SIGSTOP)
            while True:  # what was told before
                manager.settimeout(2)
                try:
                    manager.recv(4096)
                except TimeoutError:
                    break
            broker.process.send_signal(signal.SIGCONT)
            manager.settimeout(60)
            self.assertEqual(self.receive(manager), {"WATCHDOG": "1"})

    def test_a_watchdog_of_another_process_is_not_fed(self):
        manager = self.manager(self.path)
        with Broker(environment={"NOTIFY_SOCKET": self.path, "WATCHDOG_USEC": "200000",
                                 "WATCHDOG_PID": "1"}):
            self.assertEqual(self.receive(manager)["READY"], "1")
            manager.settimeout(1)
            with self.assertRaises(TimeoutError):
                manager.recv(4096)

    def test_an_abstract_socket_is_told_too(self):
        name = f"godwit-notify-{os.getpid()}"
        manager = self.manager("\0" + name)
        with Broker(environment={"NOTIFY_SOCKET": "@" + name}):
            self.assertEqual(self.receive(manager)["READY"], "1")

    def test_a_broker_that_cannot_start_is_never_ready(self):
        manager = self.manager(self.path)
        manager.setblocking(False)
        with socket.create_server(("127.0.0.1", 0)) as other:
            port = other.getsockname()[1]
            broker = Broker(config={"listeners": [{"bind": "127.0.0.1", "port": port}]},
                            environment={"NOTIFY_SOCKET": self.path})
            self.addCleanup(broker.clean_up)
            broker.spawn()
            broker.wait(expect=1)
        with self.assertRaises(BlockingIOError):
            manager.recv(4096)

    def test_a_manager_that_is_gone_does_no_harm(self):
        with Broker(environment={"NOTIFY_SOCKET": "/nonexistent/notify"}) as broker:
            broker.wait_for("notify.failed")
            RawClient(broker.port, "served").disconnect()


class SocketActivation(unittest.TestCase):
    """The manager listens, also while the broker does not run."""

    def listening(self):
        one = socket.create_server(("127.0.0.1", 0))
        self.addCleanup(one.close)
        return one, one.getsockname()[1]

    def test_given_sockets_are_served_by_every_shard(self):
        first, port = self.listening()
        second, other = self.listening()
        config = {"shards": 3, "listeners": [loopback_listener(port),
                                             {**loopback_listener(), "name": "named"},
                                             {**loopback_listener(), "name": "own"}]}
        with Broker(config, given=[("godwit.socket", first), ("named", second)]) as broker:
            self.assertEqual(broker.ports()[:2], [port, other])
            self.assertEqual(len(broker.lines("listener.open", socket="given")), 2)
            self.assertEqual(len(broker.lines("listener.open", socket="own", name="own")), 1)
            clients = [RawClient(broker.ports()[i % 3], f"c{i}") for i in range(30)]
            for client in clients:
                client.disconnect()

    def test_who_connects_between_two_runs_waits_for_the_second(self):
        first, port = self.listening()
        broker = Broker({"shards": 2, "listeners": [loopback_listener(port)]},
                        given=[("default", first)])
        self.addCleanup(broker.clean_up)
        broker.start()
        RawClient(port, "early").disconnect()
        broker.stop()
        with socket.create_connection(("127.0.0.1", port), timeout=60) as waiting:
            waiting.sendall(connect_packet("between"))
            broker.again()
            self.assertEqual(waiting.recv(4), b"\x20\x02\0\0")
        broker.stop()

    def test_a_socket_that_no_listener_wants_is_an_error(self):
        first, port = self.listening()
        broker = Broker(given=[("elsewhere", first)])
        self.addCleanup(broker.clean_up)
        broker.spawn()
        broker.wait(expect=1)
        line = broker.lines("listener.failed")[0]
        self.assertIn(f'reason="the given socket \\"elsewhere\\" at 127.0.0.1:{port} belongs', line)
        self.assertIn("FileDescriptorName=: default (127.0.0.1:0)", line)


class Journal(unittest.TestCase):
    """Where systemd's journal would take messages, if there is none."""

    PATH = pathlib.Path("/run/systemd/journal/socket")
    # systemd names the stream that standard error is; the program compares.
    LAUNCHER = ("import os, sys; is_ = os.fstat(2); "
                "os.environ['JOURNAL_STREAM'] = f'{is_.st_dev}:{is_.st_ino}'; "
                "os.execv(sys.argv[1], sys.argv[1:])")

    def setUp(self):
        self.journal = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.addCleanup(self.journal.close)
        self.journal.settimeout(60)
        try:
            self.PATH.parent.mkdir(parents=True, exist_ok=True)
            self.journal.bind(str(self.PATH))
        except OSError as error:
            self.skipTest(f"{self.PATH} is not ours to have: {error}")
        self.addCleanup(self.PATH.unlink)

    def receive(self, event):
        while True:
            lines = self.journal.recv(65536).decode().splitlines()
            entry = dict(line.split("=", 1) for line in lines)
            if entry["GODWIT_EVENT"] == event:
                return entry

    def test_events_come_with_their_fields(self):
        broker = Broker(launcher=[sys.executable, "-B", "-c", self.LAUNCHER])
        self.addCleanup(broker.clean_up)
        broker.spawn()
        port = int(self.receive("listener.open")["GODWIT_PORT"])
        self.receive("broker.ready")
        client = RawClient(port, "phone-1")
        entry = self.receive("client.connected")
        self.assertEqual(entry["GODWIT_CLIENT"], "phone-1")
        self.assertEqual((entry["PRIORITY"], entry["SYSLOG_IDENTIFIER"]), ("6", "godwitd"))
        self.assertIn('client.connected client="phone-1"', entry["MESSAGE"])
        client.disconnect()
        broker.signal(signal.SIGTERM)
        self.receive("broker.stopped")
        broker.wait(expect=0)
        self.assertEqual(broker.lines(), [])


@unittest.skipUnless(shutil.which("systemd-analyze"), "systemd is not installed")
class Unit(unittest.TestCase):
    def copy_unit(self, directory):
        """With the programs where they are here."""
        text = UNIT.read_text()
        for program in ("godwitd", "godwitctl"):
            installed = f"/usr/bin/{program} "
            self.assertIn(installed, text)
            built = pathlib.Path(godwitd()).with_name(program)
            text = text.replace(installed, f"{built} ")
        copy = pathlib.Path(directory) / UNIT.name
        copy.write_text(text)
        return copy

    def test_systemd_finds_nothing_wrong(self):
        with tempfile.TemporaryDirectory() as directory:
            copy = self.copy_unit(directory)
            answer = subprocess.run(["systemd-analyze", "verify", "--man=no", copy],
                                    capture_output=True, text=True, timeout=60, check=False)
            self.assertEqual((answer.returncode, answer.stdout, answer.stderr), (0, "", ""))

    def test_systemd_finds_nothing_wrong_with_the_socket_unit(self):
        with tempfile.TemporaryDirectory() as directory:
            self.copy_unit(directory)
            copy = shutil.copy(SOCKET, directory)
            answer = subprocess.run(["systemd-analyze", "verify", "--man=no", copy],
                                    capture_output=True, text=True, timeout=60, check=False)
            self.assertEqual((answer.returncode, answer.stdout, answer.stderr), (0, "", ""))

    def test_the_exposure_is_low(self):
        answer = subprocess.run(["systemd-analyze", "security", "--offline=true", "--threshold=15",
                                 "--no-pager", UNIT],
                                capture_output=True, text=True, timeout=60, check=False)
        self.assertEqual(answer.returncode, 0, answer.stdout[-400:] + answer.stderr)

    def test_it_reloads_and_ends_as_the_program_does(self):
        text = UNIT.read_text()
        reload = "ExecReload=/usr/bin/godwitctl reload --config /etc/godwit/godwit.yaml"
        for line in ["Type=notify", reload, "RestartPreventExitStatus=2", "User=godwit",
                     "WatchdogSec=30s"]:
            self.assertIn(line + "\n", text)
        # It would hide /proc/sys/kernel/random/uuid, which a new store needs.
        self.assertNotIn("\nProcSubset", text)


if __name__ == "__main__":
    unittest.main()
