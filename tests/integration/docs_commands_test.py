"""What the documents tell people to type exists: commands and options of the programs, keys of the
configuration, and metrics."""

import os
import pathlib
import re
import subprocess
import unittest

from completion_test import help_of, options_in
from control_test import commands_of
from daemon_http_test import get
from harness import Broker, free_port

ROOT = pathlib.Path(os.environ["GODWIT_SOURCE"])
PAGES = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").glob("*.md"))]
PAGES = [page for page in PAGES if page.name != "conformance.md"]
OTHERS = [path for path in sorted((ROOT / "config/examples").rglob("*")) if path.is_file()]
OTHERS += [ROOT / "config/godwit.yaml", ROOT / "packaging/debian/godwit.yaml",
           *sorted((ROOT / "packaging/systemd").iterdir()),
           ROOT / "packaging/prometheus/godwit-alerts.yml"]


# The program and what stands behind it on its line; of a pipe only `one|other` without spaces.
CALL = r"(?<![\w.-]){}(?![\w.-])(?: ([^'\"|;&()]*(?:\|\w[^'\"|;&()]*)*))?"


def code_in(page):
    """Code of a document: each line of a block, and each span, with the line's number."""
    is_block = False
    for number, line in enumerate(page.read_text().splitlines(), 1):
        if line.startswith("```"):
            is_block = not is_block
        elif is_block:
            yield number, line.split(" # ")[0]
        else:
            yield from ((number, span) for span in re.findall(r"`([^`]+)`", line))


def pieces():
    """(where, code) of all documents; of other files every line."""
    for page in PAGES:
        for number, code in code_in(page):
            yield f"{page.name}:{number}", code
    for path in OTHERS:
        for number, line in enumerate(path.read_text().splitlines(), 1):
            yield f"{path.name}:{number}", line.split("  # ")[0]


def calls_of(program):
    """(where, arguments) of every call; what stands in [brackets] is part of it."""
    for where, code in pieces():
        code = re.sub(r"\bGODWITD=\S+", "", code)
        for found in re.finditer(CALL.format(program), code):
            yield where, re.sub(r"[\[\],]", " ", found[1] or "").split()


class Commands(unittest.TestCase):
    def test_of_godwitctl_exist_with_their_options(self):
        known = commands_of(help_of("godwitctl"))
        options = {words: options_in(help_of("godwitctl", *words.split())) for words in known}
        checked = 0
        for where, arguments in calls_of("godwitctl"):
            if not arguments or not re.fullmatch(r"[a-z]+", arguments[0]):
                continue  # its name alone, or COMMAND
            if where.endswith(".yaml") or arguments[0] in {"shows", "makes", "and", "is"}:
                continue
            seconds = arguments[1].split("|") if len(arguments) > 1 else [""]
            for second in seconds:
                words = f"{arguments[0]} {second}"
                words = words if words in known else arguments[0]
                if any(one.startswith(words + " ") for one in known):
                    continue  # "explain", for all of its kind
                self.assertIn(words, known, where)
                for word in arguments:
                    if word.startswith("--"):
                        self.assertIn(word.split("=")[0], options[words], where)
            checked += 1
        self.assertGreater(checked, 30)

    def test_of_godwitd_exist_with_their_options(self):
        options = options_in(help_of("godwitd"))
        checked = 0
        for where, arguments in calls_of("godwitd"):
            if arguments and arguments[0] == "store":
                self.assertIn(arguments[1], {"verify", "stats", "backup", "restore"}, where)
                checked += 1
            for word in arguments:
                if word.startswith("--"):
                    self.assertIn(word.split("=")[0], options, where)
                    checked += 1
        self.assertGreater(checked, 15)


class Names(unittest.TestCase):
    def test_of_keys_exist(self):
        table = (ROOT / "docs/configuration.md").read_text()
        keys = set(re.findall(r"^\| `([a-z0-9_.\[\]]+)` \|", table, re.MULTILINE))
        self.assertGreater(len(keys), 130)
        known = {key.replace("listeners[].", "") for key in keys} | keys
        known |= {key.rsplit(".", depth)[0] for key in set(known) for depth in (1, 2)}
        sections = {key.split(".")[0] for key in known}
        events = set()
        for path in (ROOT / "src").rglob("*.[ch]pp"):
            events.update(re.findall(r'"([a-z_]+\.[a-z_]+)"', path.read_text()))
        wrong = []
        for page in PAGES:
            for number, code in code_in(page):
                for name in re.findall(r"^([a-z]+(?:\.[a-z_0-9]+)+)(?=$|[ :=])", code):
                    is_key = name.split(".")[0] in sections and not name.endswith(".cpp")
                    if is_key and name not in known | events:
                        wrong.append(f"{page.name}:{number}: {name}")
        self.assertEqual(wrong, [])

    def test_of_metrics_exist(self):
        port = free_port()
        with Broker({"http": {"port": port}}):
            _, text = get(port, "/metrics")
        there = set(re.findall(r"^# TYPE (\S+)", text, re.MULTILINE))
        there |= {name + end for name in there for end in ("_bucket", "_sum", "_count")}
        wrong = []
        for page in PAGES:
            for number, code in code_in(page):
                for name in re.findall(r"\bgodwit_[a-z0-9_]+_(?:total|seconds|bytes)\b", code):
                    if name not in there:
                        wrong.append(f"{page.name}:{number}: {name}")
        self.assertEqual(wrong, [])


if __name__ == "__main__":
    unittest.main()
