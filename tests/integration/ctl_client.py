"""godwitctl as operators use it: run it against a Broker and look at what it prints."""

import json
import os
import pathlib
import subprocess

from harness import sanitizer_environment


def godwitctl():
    return str(pathlib.Path(os.environ["GODWITD"]).with_name("godwitctl"))


class Ctl:
    def __init__(self, broker):
        self.broker = broker

    def run(self, *words, expect=0, stdin=""):
        """The finished process; its status must be `expect`."""
        done = subprocess.run([godwitctl(), *words, "--config", str(self.broker.config_path)],
                              input=stdin, capture_output=True, text=True, timeout=120,
                              check=False, env=sanitizer_environment())
        assert done.returncode == expect, (done.returncode, done.stdout, done.stderr)
        return done

    def text(self, *words, **how):
        return self.run(*words, **how).stdout

    def json(self, *words, **how):
        """All rows, and the summary behind them."""
        lines = [json.loads(line) for line in self.run(*words, "--json", **how).stdout.splitlines()]
        return lines[:-1], lines[-1]
