"""What bash offers behind godwitctl and godwitd: every command, and each one's options."""

import os
import pathlib
import re
import subprocess
import sys
import tempfile
import unittest

from control_test import commands_of
from harness import godwitd

MAKE = pathlib.Path(os.environ["GODWIT_SOURCE"]) / "packaging/completion/make.py"
PROGRAMS = {"godwitd": godwitd(), "godwitctl": str(pathlib.Path(godwitd()).with_name("godwitctl"))}
ASK = """
. "$1/$2"
function=_$2
shift
COMP_WORDS=("$@")
COMP_CWORD=$(($# - 1))
$function
printf '%s\\n' "${COMPREPLY[@]}"
"""


def help_of(program, *words):
    return subprocess.run([PROGRAMS[program], *words, "--help"], capture_output=True, text=True,
                          check=True).stdout


def options_in(text):
    return set(re.findall(r"^  (--[a-z-]+)", text, re.MULTILINE))


class Completion(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        directory = tempfile.TemporaryDirectory()
        cls.addClassCleanup(directory.cleanup)
        cls.directory = directory.name
        subprocess.run([sys.executable, "-B", MAKE, directory.name,
                        *(f"{name}={path}" for name, path in PROGRAMS.items())], check=True)

    def offered(self, *words):
        """For the last of the words, as far as it is typed."""
        return set(subprocess.run(["bash", "-c", ASK, "ask", self.directory, *words],
                                  capture_output=True, text=True, check=True).stdout.split())

    def test_every_command_of_godwitctl_with_its_options(self):
        commands = commands_of(help_of("godwitctl"))
        first = {words.split()[0] for words in commands}
        self.assertEqual(self.offered("godwitctl", ""), first | {"--help", "--version"})
        for words in commands:
            head, *rest = words.split()
            for word in rest:
                self.assertIn(word, self.offered("godwitctl", head, word[:2]))
            options = options_in(help_of("godwitctl", *words.split()))
            self.assertGreater(len(options), 2)
            self.assertEqual(self.offered("godwitctl", head, *rest, "--"), options, words)

    def test_godwitd(self):
        options = options_in(help_of("godwitd"))
        self.assertIn("--config", options)
        self.assertLessEqual(options, self.offered("godwitd", "--"))
        self.assertIn("store", self.offered("godwitd", "st"))
        self.assertEqual(self.offered("godwitd", "store", "ba"), {"backup"})


if __name__ == "__main__":
    unittest.main()
