"""Starts a real godwitd for a test, on a port the operating system picks, and watches what it says.

    with Broker() as broker:                      # defaults: one loopback listener
        client.connect("127.0.0.1", broker.port)
        broker.wait_for("client.connected", client="phone-1")

    with Broker(config={"shards": 4, "session": {"inflight_max": 5}}) as broker: ...

Leaving the block stops the broker with SIGTERM and fails the test unless it ends with status 0, in
time, and without a word from a sanitizer. The program is named by the environment variable GODWITD.
"""

import json
import os
import pathlib
import random
import re
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time

START_TIMEOUT_S = 60   # sanitized builds on a loaded machine
STOP_TIMEOUT_S = 30
SANITIZER = re.compile(
    r"ERROR: (Address|Leak)Sanitizer|WARNING: ThreadSanitizer|runtime error:|"
    r"UndefinedBehaviorSanitizer|assertion failed", re.IGNORECASE)


def godwitd():
    """Path of the program under test."""
    return os.environ["GODWITD"]


def sanitizer_environment():
    """The environment of the broker: sanitizers report on stderr and make the status non-zero."""
    environment = dict(os.environ)
    environment.setdefault("ASAN_OPTIONS", "detect_leaks=1:exitcode=99")
    environment.setdefault("UBSAN_OPTIONS", "print_stacktrace=1:exitcode=99")
    environment.setdefault("TSAN_OPTIONS", "halt_on_error=0:exitcode=99:second_deadlock_stack=1")
    return environment


def loopback_listener(port=0, **more):
    return {"name": "default", "bind": "127.0.0.1", "port": port, **more}


def free_port():
    """A free TCP port on loopback, from below those that the system gives to others."""
    while True:
        with socket.socket() as probe:
            try:
                probe.bind(("127.0.0.1", random.randrange(10_000, 32_000)))
            except OSError:
                continue
            return probe.getsockname()[1]


def write_config(directory, config):
    """Writes a dictionary as a configuration file (JSON is YAML) and returns its path."""
    path = pathlib.Path(directory) / "godwit.yaml"
    path.write_text(json.dumps(config, indent=2) + "\n")
    return path


def parse_fields(line):
    """The fields of a text log line: {"client": "phone-1", ...}. Quoted values are unquoted."""
    fields = {}
    for name, quoted, plain in re.findall(r'(\w+)=(?:"((?:[^"\\]|\\.)*)"|(\S*))', line):
        fields[name] = quoted if quoted else plain
    return fields


class Broker:
    """One godwitd process. Thread-safe: a background thread collects its log."""

    def __init__(self, config=None, arguments=(), environment=None, preexec=None, files=None,
                 given=(), launcher=()):
        """`config`: a dictionary in the form of config/godwit.yaml; a loopback listener on an
        ephemeral port is added if it names none. `preexec` runs in the child before exec. `files`:
        further files beside the configuration, their names and texts. `given`: pairs of a name and
        a listening socket that the broker finds open at its start, as systemd gives them.
        `launcher`: a command that becomes the program it is given."""
        self.directory = tempfile.TemporaryDirectory(prefix="godwit-test-")
        self.config = dict(config or {})
        self.config.setdefault("listeners", [loopback_listener()])
        self.config["store"] = {"directory": self.directory.name + "/store",
                                **self.config.get("store", {})}
        self.config_path = write_config(self.directory.name, self.config)
        for name, text in (files or {}).items():
            path = pathlib.Path(self.directory.name, name)
            path.parent.mkdir(exist_ok=True)
            path.write_text(text)
        self.arguments = list(arguments)
        self.environment = {**sanitizer_environment(), **(environment or {})}
        self.preexec = preexec
        self.given = list(given)
        self.launcher = list(launcher)
        self.process = None
        self._lines = []
        self._changed = threading.Condition()
        self._ended = False
        self._checked = False

    # -- life ------------------------------------------------------------------------------------

    def __enter__(self):
        return self.start()

    def __exit__(self, kind, error, trace):
        try:
            if kind is not None:
                print("\n---- godwitd said ----\n" + self.log_text() + "----------------------")
                self.kill()
            elif not self._checked:
                if self.process.poll() is None:
                    self.process.send_signal(signal.SIGTERM)
                self.wait()
        finally:
            self.clean_up()

    def clean_up(self):
        """For tests that do not use the block: ends the process, removes its files."""
        self.kill()
        self.directory.cleanup()

    def spawn(self):
        """Starts the process without waiting for it to listen."""
        descriptors = [one.fileno() for _, one in self.given]
        launcher = self.launcher
        if self.given:
            script = str(pathlib.Path(__file__).with_name("given_sockets.py"))
            launcher = [sys.executable, "-B", script,
                        ":".join(name for name, _ in self.given), ",".join(map(str, descriptors))]
        self.process = subprocess.Popen(
            [*launcher, godwitd(), "--config", str(self.config_path), *self.arguments],
            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE,
            env=self.environment, preexec_fn=self.preexec, pass_fds=descriptors)
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()
        return self

    def start(self):
        self.spawn()
        self.wait_for("broker.ready", timeout=START_TIMEOUT_S)
        return self

    def again(self):
        """After `stop`, `wait` or `kill`: starts it once more, on the same store."""
        self.spawn_again()
        self.wait_for("broker.ready", timeout=START_TIMEOUT_S)
        return self

    def spawn_again(self):
        with self._changed:
            self._lines, self._ended = [], False
        self._checked = False
        return self.spawn()

    def stop(self, expect=0):
        """SIGTERM, then the end: status `expect` and no sanitizer report, or an AssertionError."""
        self.process.send_signal(signal.SIGTERM)
        return self.wait(expect)

    def wait(self, expect=0, timeout=STOP_TIMEOUT_S):
        """Waits for the process to end by itself; checks status and sanitizers."""
        status = self.process.wait(timeout)
        self._checked = True
        self._reader.join(timeout)
        self.process.stderr.close()
        text = self.log_text()
        if SANITIZER.search(text):
            raise AssertionError("a sanitizer or an assertion spoke:\n" + text)
        if expect is not None and status != expect:
            raise AssertionError(f"godwitd ended with {status}, not {expect}:\n{text}")
        if status == 0:
            self.check_balance_line(text)
        return status

    @staticmethod
    def check_balance_line(text):
        """A broker that stops in order says where all messages have gone; none may be missing."""
        if "broker.stopped" not in text:
            return  # its log goes elsewhere, or has other levels
        found = re.findall(r'broker\.balance\b.*?publishes_missing"?[=:](-?\d+).*?'
                           r'copies_missing"?[=:](-?\d+).*?cut_short"?[=:](\w+)', text)
        if len(found) != 1:
            raise AssertionError(f"{len(found)} lines broker.balance, not one:\n{text}")
        publishes, copies, cut_short = found[0]
        if cut_short == "false" and (publishes, copies) != ("0", "0"):
            raise AssertionError(f"the broker's balance is wrong: {publishes} publishes and "
                                 f"{copies} copies are missing:\n{text}")

    def kill(self):
        """SIGKILL, if it still runs: what a test of crashes wants, and what cleaning up needs."""
        self._checked = True
        if self.process and self.process.poll() is None:
            self.process.kill()
            self.process.wait()
        if self.process:
            self._reader.join(STOP_TIMEOUT_S)
            self.process.stderr.close()

    def signal(self, number):
        self.process.send_signal(number)

    @property
    def pid(self):
        return self.process.pid

    # -- what it listens on ----------------------------------------------------------------------

    @property
    def port(self):
        """Port of the first listener."""
        return self.ports()[0]

    def ports(self):
        """Ports of all open listeners, in the order of the log."""
        return [int(parse_fields(line)["port"]) for line in self.lines("listener.open")]

    # -- what it says ----------------------------------------------------------------------------

    def lines(self, event=None, **fields):
        """Log lines so far: those of one event, with these fields, or all."""
        with self._changed:
            return [line for line in self._lines if self._matches(line, event, fields)]

    def log_text(self):
        with self._changed:
            return "".join(line + "\n" for line in self._lines)

    def wait_for(self, event, count=1, timeout=STOP_TIMEOUT_S, **fields):
        """Waits until the log has `count` lines of `event` with these fields; returns the last."""
        end = time.monotonic() + timeout
        found, looked_at = [], 0
        with self._changed:
            while True:
                # Only at what is new: ten thousand clients are as many lines.
                found += [line for line in self._lines[looked_at:]
                          if self._matches(line, event, fields)]
                looked_at = len(self._lines)
                if len(found) >= count:
                    return found[-1]
                left = end - time.monotonic()
                if self._ended or left <= 0:
                    why = "godwitd ended" if self._ended else f"{timeout} s passed"
                    raise AssertionError(f"no {event} {fields} in the log ({why}):\n"
                                         + "\n".join(self._lines))
                self._changed.wait(left)

    @staticmethod
    def _matches(line, event, fields):
        if event is not None and (event not in line or not re.search(
                rf"(?<![\w.]){re.escape(event)}(?![\w.])", line)):
            return False
        if not fields:
            return True
        found = parse_fields(line)
        return all(found.get(name) == str(value) for name, value in fields.items())

    def _read(self):
        for raw in self.process.stderr:
            line = raw.decode("utf-8", "replace").rstrip("\n")
            with self._changed:
                self._lines.append(line)
                self._changed.notify_all()
        with self._changed:
            self._ended = True
            self._changed.notify_all()


def resident_kib(pid):
    """Resident memory of a process in KiB."""
    for line in pathlib.Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith("VmRSS:"):
            return int(line.split()[1])
    raise AssertionError(f"no process {pid}")
