"""What the tests of overload share: their size, what they allow a sanitized build, and readings."""

import json
import os
import pathlib
import resource
import subprocess
import threading
import time

import clients_wire as wire
from clients_wire import Wire
from daemon_http_test import get, value
from harness import sanitizer_environment

# Set for builds whose figures say nothing (tests/integration/CMakeLists.txt).
IS_SANITIZED = bool(os.environ.get("GODWIT_SANITIZED"))
# ThreadSanitizer has a shadow of all memory that was ever used.
MEMORY_FACTOR = 4 if os.environ.get("GODWIT_SANITIZED") == "thread" else 1


def size(name, otherwise):
    """A number from the environment: the long form of a test is the same program."""
    return int(os.environ.get(name, otherwise))


def raise_file_limit():
    """All the files that this process may have; returns how many."""
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    return hard


def cpu_s(pid):
    """CPU seconds that a process has had."""
    fields = pathlib.Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def wait_until(holds, what, timeout=wire.DEADLINE_S):
    """Asks again and again until it is true; AssertionError with `what` when time is up."""
    end = time.monotonic() + timeout
    pause = threading.Event()
    while not (found := holds()):
        if time.monotonic() >= end:
            raise AssertionError(f"not within {timeout} s: {what}")
        pause.wait(0.05)
    return found


class Metrics:
    """The counters of a broker by their names in /metrics, without what all of them begin with."""

    def __init__(self, port):
        self.port = port

    def __getitem__(self, name):
        return value(get(self.port, "/metrics")[1], "godwit_" + name)


def start_bench(scenario, port, *arguments):
    return subprocess.Popen(
        [os.environ["GODWIT_BENCH"], scenario, "--port", str(port), "--json", "-",
         *map(str, arguments)],
        stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        env=sanitizer_environment())


def end_bench(process, timeout=900):
    """What a load generator found, as a dictionary; it must be content."""
    out, said = process.communicate(timeout=timeout)
    if process.returncode != 0:
        raise AssertionError(f"godwit-bench ended with {process.returncode}:\n{said}{out}")
    return json.loads(out)


def bench(scenario, port, *arguments):
    return end_bench(start_bench(scenario, port, *arguments))


class Metronome:
    """Publishes so many messages a second at QoS 1 until it is told to stop. Each begins with its
    number, at a fixed width."""

    def __init__(self, port, topic, per_second, payload):
        self._wire = Wire(port)
        self._wire.connect("metronome-" + topic)
        self._topic, self._payload, self._pause = topic, payload, 1 / per_second
        self._stop = threading.Event()
        self.sent = 0
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def _run(self):
        while not self._stop.wait(self._pause):
            self._wire.send(wire.publish(self._topic, b"%08d" % self.sent + self._payload, 1,
                                         1 + self.sent % 60_000))
            self.sent += 1

    def end(self):
        """How many it has published; all of them are answered."""
        self._stop.set()
        self._thread.join(wire.DEADLINE_S)
        for _ in range(self.sent):
            self._wire.expect(wire.PUBACK)
        self._wire.close()
        return self.sent
