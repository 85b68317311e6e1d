#!/usr/bin/env python3
"""Compares the memory ledger of a godwitd (godwit_memory_bytes by kind) with what the system says
that the process has, under loads that fill one kind after the other.

    memory_ledger.py [--godwitd FILE] [--bench FILE] [--within 15]

Exit status: 0 the sums are within so many per cent everywhere; 1 one is not.
"""

import argparse
import pathlib
import re
import resource
import subprocess
import sys
import tempfile
import threading
import time
import urllib.request

from paired import free_port

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
SETTLES_S = 4


def start(godwitd, directory, tls):
    port, watch = free_port(), free_port()
    config = pathlib.Path(directory) / "godwit.yaml"
    listener = f"listeners:\n  - bind: 127.0.0.1\n    port: {port}\n"
    if tls:
        ca = directory + "/ca"
        subprocess.run([ROOT / "packaging/make-test-ca.sh", ca], check=True,
                       stdout=subprocess.DEVNULL)
        listener += f"    tls: {{certificate: {ca}/server.pem, key: {ca}/server.key}}\n"
    config.write_text(listener + f"store:\n  directory: {directory}/store\nhttp:\n  port: {watch}\n"
                      "log:\n  level: error\nsession:\n  queue:\n    bytes_max: 10GiB\n")
    process = subprocess.Popen([godwitd, "--config", config])
    for _ in range(200):
        try:
            metrics(watch)
            return process, port, watch
        except OSError:
            time.sleep(0.05)
    raise SystemExit("memory_ledger.py: godwitd does not answer")


def metrics(watch):
    with urllib.request.urlopen(f"http://127.0.0.1:{watch}/metrics", timeout=30) as answer:
        return answer.read().decode()


def own_memory(pid):
    _, resident, of_files = map(int, pathlib.Path(f"/proc/{pid}/statm").read_text().split()[:3])
    return (resident - of_files) * resource.getpagesize()


def compare(process, watch):
    kinds = {kind: float(value) for kind, value in
             re.findall(r'^godwit_memory_bytes\{kind="(\w+)"\} (\S+)$', metrics(watch), re.M)}
    return kinds, own_memory(process.pid)


def run(options, name):
    arguments, is_passing = LOADS[name]
    with tempfile.TemporaryDirectory(prefix="godwit-ledger-") as directory:
        process, port, watch = start(options.godwitd, directory, name.startswith("tls"))
        try:
            if arguments is None:
                time.sleep(SETTLES_S)
                return compare(process, watch)
            command = [options.bench, *arguments, "--port", str(port)]
            if not is_passing:
                subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
                time.sleep(SETTLES_S)
                return compare(process, watch)
            load = threading.Thread(target=subprocess.run, args=(command,),
                                    kwargs={"stdout": subprocess.DEVNULL, "check": True})
            load.start()
            most = ({}, 0)
            while load.is_alive():
                time.sleep(0.5)
                most = max(most, compare(process, watch), key=lambda pair: sum(pair[0].values()))
            load.join()
            return most
        finally:
            process.terminate()
            process.wait(60)


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
