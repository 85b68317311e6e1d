#!/usr/bin/env python3
"""Runs godwit-bench against two or more brokers in turn (A B A B ...) and compares the medians.

Every run gets a fresh broker on a free loopback port; whatever is started is ended again. Brokers
are given as  --broker 'name=command {config}'  or  --broker 'name=command --port {port}':

  {port}    a free port, new for each run
  {config}  a configuration file made from a template: --config name=FILE, else the built-in one
            of the program (paired_configs.py); {port} and {dir} in the template are filled in
  {dir}     a temporary directory for the broker's files
  {ca}      a directory as packaging/make-test-ca.sh makes it

With no --broker: godwitd from build/release and Debian's mosquitto. A broker that runs already,
whatever it is, takes part with  --running 'name=PORT:PID'  in what needs no TLS, no WebSocket and
no restart.
Exit status: 0 all runs were good; 1 a run lost, repeated or reordered messages, or failed.
"""

import argparse
import contextlib
import json
import os
import pathlib
import shlex
import signal
import socket
import statistics
import subprocess
import sys
import tempfile
import time

from paired_configs import KINDS, kind_of
from paired_goals import goals_table
from paired_suite import SMOKE, SUITE

ROOT = pathlib.Path(__file__).resolve().parents[2]

# Programs whose state is there after SIGKILL; others are stopped with SIGTERM before `recovery`.
CRASH_SAFE = {"godwitd"}

DEFAULT_BROKERS = [
    f"godwit={ROOT}/build/release/src/daemon/godwitd --config {{config}}",
    "mosquitto=/usr/sbin/mosquitto -c {config}",
]

class RunFailed(Exception):
    """A broker or a run could not be carried out."""


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def parse_named(text, what):
    name, separator, value = text.partition("=")
    if not separator or not name or not value:
        raise SystemExit(f"paired.py: {what} is name=value, not {text!r}")
    return name, value


class Broker:
    """How to start one of the compared brokers."""

    def __init__(self, name, command, template):
        self.name = name
        self.command = shlex.split(command)
        if "/" in self.command[0]:
            self.command[0] = str(pathlib.Path(self.command[0]).resolve())
        self.program = pathlib.Path(self.command[0]).name
        self.templates = {
            kind: template or configs.get(self.program, "") for kind, configs in KINDS.items()
        }
        if any("{config}" in word for word in self.command) and not self.templates["plain"]:
            raise SystemExit(f"paired.py: no configuration template for {name} (--config)")

    @contextlib.contextmanager
    def running(self, kind="plain"):
        """Yields (port, pid) of a fresh broker that accepts connections."""
        with tempfile.TemporaryDirectory(prefix="godwit-bench-") as directory:
            with self.running_in(directory, kind) as (port, pid):
                yield port, pid

    @contextlib.contextmanager
    def running_in(self, directory, kind, last_signal=signal.SIGTERM):
        """The same with files of its own; `last_signal` ends it."""
        # The port was free a moment ago; should another have taken it, try a new one.
        for attempt in range(3):
            port = free_port()
            process = self.start(port, directory, kind)
            try:
                self.wait_until_listening(process, port)
            except RunFailed:
                self.stop(process)
                if attempt == 2:
                    raise
                continue
            try:
                yield port, process.pid
                if process.poll() is not None:
                    raise RunFailed(f"{self.name} ended by itself: {process.returncode}")
            finally:
                self.stop(process, last_signal)
            return

    def start(self, port, directory, kind):
        config = os.path.join(directory, "broker.conf")
        # mosquitto, started as root, gives up its rights and still wants to read these.
        os.chmod(directory, 0o755)
        fill = {"{port}": str(port), "{dir}": directory, "{config}": config}
        if kind in ("tls", "tls-rsa", "wss"):
            fill["{ca}"] = directory + "/ca"
            make = [ROOT / "packaging/make-test-ca.sh", fill["{ca}"]]
            subprocess.run(make, check=True, stdout=subprocess.DEVNULL)

        def filled(text):
            for key, value in fill.items():
                text = text.replace(key, value)
            return text

        pathlib.Path(config).write_text(filled(self.templates[kind]), encoding="utf-8")
        # To a file: a pipe nobody reads would stop a talkative broker.
        self.log = open(os.path.join(directory, "log"), "w+", encoding="utf-8", errors="replace")
        return subprocess.Popen(
            [filled(word) for word in self.command],
            stdin=subprocess.DEVNULL,
            stdout=self.log,
            stderr=self.log,
            start_new_session=True,
            cwd=directory,
        )

    def wait_until_listening(self, process, port):
        end = time.monotonic() + 120    # with a million messages to read
        while time.monotonic() < end:
            if process.poll() is not None:
                raise RunFailed(f"{self.name} did not start: {self.last_words()}")
            with contextlib.suppress(OSError):
                socket.create_connection(("127.0.0.1", port), timeout=1).close()
                return
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(timeout=0.005)
        raise RunFailed(f"{self.name} does not listen on its port: {self.last_words()}")

    def last_words(self):
        self.log.seek(0)
        return self.log.read()[-500:].strip() or "(it said nothing)"

    def stop(self, process, last_signal=signal.SIGTERM):
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, last_signal)
        try:
            process.wait(timeout=60)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()
        self.log.close()


class RunningBroker:
    """One that somebody else has started."""

    def __init__(self, name, place):
        self.name = name
        self.program = name
        port, separator, pid = place.partition(":")
        if not separator or not port.isdigit() or not pid.isdigit():
            raise SystemExit(f"paired.py: --running is name=PORT:PID, not {name}={place}")
        self.port, self.pid = int(port), int(pid)

    @contextlib.contextmanager
    def running(self, kind="plain"):
        if kind not in ("plain", "durable"):
            raise RunFailed(f"{self.name} runs already, and not for this")
        yield self.port, self.pid

    def running_in(self, directory, kind, last_signal=None):
        raise RunFailed(f"{self.name} runs already, and is not started again")


def measure(bench, port, pid, arguments, limit_s):
    """One run of godwit-bench against a broker that is up; returns its JSON result."""
    command = [bench, *arguments, "--port", str(port), "--pid", str(pid), "--json", "-"]
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=limit_s, check=False)
    except subprocess.TimeoutExpired:
        raise RunFailed(f"no end within {limit_s} s") from None
    if done.returncode not in (0, 1):
        raise RunFailed(done.stderr.strip() or f"exit status {done.returncode}")
    return json.loads(done.stdout)


def run_once(bench, broker, arguments, extra, limit_s, kind):
    """One run on a fresh broker."""
    with broker.running(kind) as (port, pid):
        return measure(bench, port, pid, [*arguments, *extra], limit_s)


def cpu_seconds(pid):
    """CPU time of a process so far, its work in the kernel included."""
    fields = pathlib.Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def resident_bytes(pid):
    for line in pathlib.Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith("VmRSS:"):
            return int(line.split()[1]) * 1024
    raise RunFailed("the broker has ended")


def run_recovery(bench, broker, arguments, extra, limit_s):
    """Queues for sessions that are away, ends the broker, starts it again on the same files: how
    long until it accepts, and is everything there?"""
    last_signal = signal.SIGKILL if broker.program in CRASH_SAFE else signal.SIGTERM
    with tempfile.TemporaryDirectory(prefix="godwit-bench-") as directory:
        with broker.running_in(directory, "durable", last_signal) as (port, pid):
            queued = measure(bench, port, pid, [*arguments, *extra, "--keep"], limit_s)
        begin = time.monotonic()
        with broker.running_in(directory, "durable") as (port, pid):
            figures = {
                "recovery_seconds": time.monotonic() - begin,
                "recovery_cpu_seconds": cpu_seconds(pid),
                "recovery_resident_bytes": resident_bytes(pid),
            }
            drained = measure(bench, port, pid, [*arguments, *extra, "--resume"], limit_s)
    return {**queued, **drained, **figures}


def median_of(results):
    """Medians of every numeric figure over the runs that have it."""
    figures = {}
    for result in results:
        for key, value in result.items():
            if isinstance(value, (int, float)) and not isinstance(value, bool):
                figures.setdefault(key, []).append(value)
    return {key: statistics.median(values) for key, values in figures.items()}


def describe_faults(result):
    kinds = ("lost", "duplicated", "out_of_order", "misrouted", "corrupted", "unasked_octets")
    found = [f"{kind} {result[kind]}" for kind in kinds if result.get(kind)]
    if "stalled" in result:
        found.append("stood still (what had not come by then counts as lost)")
    return ", ".join(found) or "not ok"


def row(scenario, figure, unit, digits, names, medians):
    values = [medians[name].get(scenario, {}).get(figure) for name in names]
    if all(value is None for value in values):
        return None
    cells = ["-" if value is None else f"{value:,.{digits}f}" for value in values]
    if len(names) == 2 and None not in values and values[1]:
        cells.append(f"{values[0] / values[1]:.2f}")
    elif len(names) == 2:
        cells.append("-")
    return f"| {scenario} | {figure.replace('_', ' ')}, {unit} | " + " | ".join(cells) + " |"


def table(scenarios, names, medians):
    heads = ["work", "figure", *names] + (["ratio"] if len(names) == 2 else [])
    lines = ["| " + " | ".join(heads) + " |", "|" + "---|" * len(heads)]
    for scenario in scenarios:
        figures = SUITE[scenario][1] + [("messages_per_s", "1/s", 0)]
        if not any("_us_p" in figure[0] for figure in figures):
            figures = figures + [("latency_us_p50", "µs", 0), ("latency_us_p99", "µs", 0)]
        for figure, unit, digits in figures:
            line = row(scenario, figure, unit, digits, names, medians)
            if line:
                lines.append(line)
    return "\n".join(lines)


def compare(options, brokers):
    scenarios = options.scenario or list(SUITE)
    names = [broker.name for broker in brokers]
    extra = ["--seconds", str(options.seconds), "--warmup", str(options.warmup), *options.extra]
    runs, bad = [], []
    for scenario in scenarios:
        for number in range(options.rounds):
            for broker in brokers:
                label = f"{scenario} round {number + 1} {broker.name}"
                try:
                    arguments = SUITE[scenario][0]
                    if scenario == "recovery":
                        result = run_recovery(
                            options.bench, broker, arguments, extra, options.limit
                        )
                    else:
                        result = run_once(
                            options.bench, broker, arguments, extra, options.limit,
                            kind_of(scenario),
                        )
                except RunFailed as error:
                    bad.append(f"{label}: {error}")
                    print(f"{label}: failed: {error}", file=sys.stderr)
                    continue
                head = SUITE[scenario][1][0][0]
                print(f"{label}: {head} {result.get(head)}", file=sys.stderr)
                if not result["ok"]:
                    bad.append(f"{label}: {describe_faults(result)}")
                runs.append({"suite": scenario, "broker": broker.name, "round": number, **result})
    medians = {
        name: {
            scenario: median_of(
                [r for r in runs if r["suite"] == scenario and r["broker"] == name]
            )
            for scenario in scenarios
        }
        for name in names
    }
    text = table(scenarios, names, medians)
    if len(names) == 2:
        text += "\n\n" + goals_table(medians[names[0]], medians[names[1]])
    if bad:
        text += "\n\nNot good:\n" + "\n".join(f"- {entry}" for entry in bad)
    print(text)
    if options.json:
        document = {"rounds": options.rounds, "medians": medians, "bad": bad, "runs": runs}
        pathlib.Path(options.json).write_text(json.dumps(document, indent=1), encoding="utf-8")
    return 1 if bad else 0


def smoke(options, brokers):
    """A short run of every scenario; says only what went wrong."""
    extra = ["--seconds", "0.5", "--warmup", "0.1", "--timeout", "10"]
    bad = 0
    for broker in brokers:
        for name, arguments in SMOKE.items():
            try:
                result = run_once(options.bench, broker, arguments, extra, 60, kind_of(name))
                trouble = None if result["ok"] else describe_faults(result)
            except RunFailed as error:
                trouble = str(error)
            print(f"{broker.name} {name}: {trouble or 'ok'}", flush=True)
            bad += trouble is not None
    return 1 if bad else 0


def parse_arguments():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--bench", default=str(ROOT / "build/release/tests/bench/godwit-bench"))
    parser.add_argument("--broker", action="append", help="name=command")
    parser.add_argument("--running", action="append", default=[], help="name=PORT:PID")
    parser.add_argument("--config", action="append", default=[], help="name=template file")
    parser.add_argument("--scenario", action="append", choices=list(SUITE), help="default: all")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--seconds", type=float, default=5)
    parser.add_argument("--warmup", type=float, default=1)
    parser.add_argument("--limit", type=float, default=180, help="seconds for one run")
    parser.add_argument("--json", help="write everything to this file")
    parser.add_argument("--smoke", action="store_true", help="short runs, verdict only")
    parser.add_argument("extra", nargs="*", help="after --: more options for godwit-bench")
    return parser.parse_args()


def main():
    options = parse_arguments()
    # So that a broker is ended also when this program is.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    templates = {}
    for entry in options.config:
        name, path = parse_named(entry, "--config")
        templates[name] = pathlib.Path(path).read_text(encoding="utf-8")
    brokers = []
    for entry in options.broker or DEFAULT_BROKERS:
        name, command = parse_named(entry, "--broker")
        brokers.append(Broker(name, command, templates.get(name)))
    brokers += [RunningBroker(*parse_named(entry, "--running")) for entry in options.running]
    return smoke(options, brokers) if options.smoke else compare(options, brokers)


if __name__ == "__main__":
    sys.exit(main())
