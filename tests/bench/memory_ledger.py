#!/usr/bin/env python3
"""Compares the memory ledger of a godwitd (godwit_memory_bytes by kind) with what the system says
that the process has, under loads that fill one kind after the other.

    memory_ledger.py [--godwitd FILE] [--bench FILE] [--within 15]

Exit status: 0 the sums are within so many per cent everywhere; 1 one is not.
"""

import argparse
import contextlib
import os
import pathlib
import re
import resource
import select
import subprocess
import sys
import time
import urllib.request

from paired import Broker, free_port
from paired_configs import KINDS

ROOT = pathlib.Path(__file__).resolve().parents[2]
# name: (arguments of godwit-bench, whether the load is there only while it runs)
LOADS = {
    "empty": (None, False),
    "idle": (["idle", "--count", "10000", "--from", "1000", "--hold", "8"], True),
    "tls-idle": (["idle", "--tls", "--count", "2000", "--from", "500", "--hold", "8"], True),
    "filters": (["filters", "--count", "200000", "--seconds", "8"], True),
    "retained": (["retained", "--count", "100000", "--rounds", "1"], False),
    "queued": (["offline", "--count", "100", "--each", "5000", "--window", "100", "--keep"], False),
}
SWEEPS_S, SETTLES_MAX_S, LOOKS_S = 2.5, 30, 0.5


def metrics(watch):
    with urllib.request.urlopen(f"http://127.0.0.1:{watch}/metrics", timeout=30) as answer:
        return answer.read().decode()


def own_memory(pid):
    _, resident, of_files = map(int, pathlib.Path(f"/proc/{pid}/statm").read_text().split()[:3])
    return (resident - of_files) * resource.getpagesize()


def read_ledger(watch):
    return {kind: float(value) for kind, value in
            re.findall(r'^godwit_memory_bytes\{kind="(\w+)"\} (\S+)$', metrics(watch), re.M)}


def compare(broker_end, pid, watch):
    """Once the shards have looked at all they have: the ledger stands still."""
    before, now = None, read_ledger(watch)
    deadline = time.monotonic() + SETTLES_MAX_S
    while now != before and time.monotonic() < deadline:
        if select.select([broker_end], [], [], SWEEPS_S)[0]:
            raise SystemExit("memory_ledger.py: the broker has ended")
        before, now = now, read_ledger(watch)
    return now, own_memory(pid)


def run(options, name):
    arguments, is_passing = LOADS[name]
    watch = free_port()
    kind = "tls" if name.startswith("tls") else "durable"
    template = KINDS[kind]["godwitd"] + f"http:\n  port: {watch}\n"
    broker = Broker("godwit", f"{options.godwitd} --config {{config}}", template)
    with broker.running(kind) as (port, pid), open(os.pidfd_open(pid), "rb") as broker_end:
        if arguments is None:
            return compare(broker_end, pid, watch)
        load = subprocess.Popen([options.bench, *arguments, "--port", str(port)],
                                stdout=subprocess.DEVNULL)
        most = ({}, 0)
        while load.poll() is None:
            with contextlib.suppress(subprocess.TimeoutExpired):
                load.wait(LOOKS_S)
            if is_passing and load.returncode is None:
                now = read_ledger(watch), own_memory(pid)
                most = max(most, now, key=lambda pair: sum(pair[0].values()))
        if load.returncode != 0:
            raise SystemExit(f"memory_ledger.py: {name}: exit status {load.returncode}")
        return most if is_passing else compare(broker_end, pid, watch)


def main():
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--godwitd", default=str(ROOT / "build/release/src/daemon/godwitd"))
    parser.add_argument("--bench", default=str(ROOT / "build/release/tests/bench/godwit-bench"))
    parser.add_argument("--within", type=float, default=15)
    parser.add_argument("--load", action="append", choices=list(LOADS))
    options = parser.parse_args()
    bad = False
    for name in options.load or LOADS:
        kinds, has = run(options, name)
        known = sum(kinds.values())
        off = (known - has) / has * 100
        bad = bad or abs(off) > options.within
        largest = sorted(kinds.items(), key=lambda pair: -pair[1])[:4]
        print(f"| {name} | {has / 2**20:,.1f} | {known / 2**20:,.1f} | {off:+.0f} % | "
              + ", ".join(f"{kind} {value / 2**20:.1f}" for kind, value in largest) + " |")
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
