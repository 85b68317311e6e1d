#!/usr/bin/env python3
"""Shows that check_events.py finds each kind of difference, and none where there is none."""

import tempfile
import unittest
from pathlib import Path

import check_events

TABLE = ("# x\n\n## By line of the log\n\n| line | do |\n|---|---|\n{}\n"
         "## Next\n\n| `not.here` | |\n")


class CheckEvents(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.root = Path(folder.name)

    def problems(self, source, rows, path="src/broker/x.cpp"):
        file = self.root / path
        file.parent.mkdir(parents=True)
        file.write_text(source)
        (self.root / "docs").mkdir()
        (self.root / "docs/operations.md").write_text(TABLE.format("".join(rows)))
        return check_events.check(self.root)

    def test_what_is_documented_passes(self):
        self.assertEqual(self.problems(
            'void f() {\n  log_.warn("disk.slow", {{"ms", 3}});\n'
            '  log(observe::log_level::error,\n      "disk.gone",\n      {{"key", "a.b"}});\n'
            '  log_.info("disk.fine");  // log.error("disk.odd")\n}\n',
            ["| `disk.slow`, `disk.gone` | look |\n", "| `disk.fine why=\"x\"` | nothing |\n"]), [])

    def test_a_warning_without_a_row_is_found(self):
        self.assertEqual(self.problems('void f() { log.warn("disk.slow"); }', []), [
            'src/broker/x.cpp: disk.slow has no row in docs/operations.md, "By line of the log"'])

    def test_a_row_without_an_event_is_found(self):
        self.assertEqual(self.problems("", ["| `disk.slow` | look |\n"]),
                         ["docs/operations.md: disk.slow is an event of no source"])

    def test_a_level_whose_event_cannot_be_told_is_found(self):
        found = self.problems("void f(auto e) {\n  sink.write({log_level::warn, now, e});\n}\n", [])
        self.assertEqual(len(found), 1)
        self.assertTrue(found[0].startswith("src/broker/x.cpp:2: logs at warn or error"), found)

    def test_callers_of_a_wrapper_are_followed(self):
        found = self.problems(
            'auto f() { return rest("listener.broken", text); }\n'
            'auto g() { return refusal{why, "listener.refused", "no"}; }\n'
            "void warn(auto e) { log_.write({log_level::warn, now, e}); }\n", [],
            path="src/net/acceptor.cpp")
        self.assertEqual([one.split()[1] for one in found],
                         ["listener.broken", "listener.refused"])


if __name__ == "__main__":
    unittest.main()
