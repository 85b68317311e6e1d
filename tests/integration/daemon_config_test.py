"""godwitd and its configuration: mistakes are told and nothing starts."""

import os
import pathlib
import subprocess
import tempfile
import unittest

from harness import Broker, godwitd, loopback_listener, sanitizer_environment

SOURCE = pathlib.Path(os.environ["GODWIT_SOURCE"])


def run(*arguments):
    return subprocess.run([godwitd(), *map(str, arguments)], capture_output=True, text=True,
                          timeout=60, env=sanitizer_environment(), check=False)


class CommandLine(unittest.TestCase):
    def test_version_and_help_answer_and_end(self):
        self.assertRegex(run("--version").stdout, r"^godwitd \d+\.\d+\.\d+\n$")
        answer = run("--help")
        self.assertEqual(answer.returncode, 0)
        self.assertIn("--print-effective", answer.stdout)

    def test_an_unknown_option_ends_with_2_and_a_hint(self):
        answer = run("--chek")
        self.assertEqual((answer.returncode, answer.stdout), (2, ""))
        self.assertEqual(answer.stderr,
                         'godwitd: there is no option "--chek"; did you mean --check?\n')


class Check(unittest.TestCase):
    def setUp(self):
        self.directory = tempfile.TemporaryDirectory()
        self.addCleanup(self.directory.cleanup)
        self.file = pathlib.Path(self.directory.name) / "godwit.yaml"

    def test_a_right_file_is_ok(self):
        examples = set(SOURCE.glob("config/examples/*.yaml"))
        examples.remove(SOURCE / "config/examples/internet.yaml")  # internet_test.py has its files
        for file in [SOURCE / "config/godwit.yaml", *examples]:
            answer = run("--check", "--config", file)
            self.assertEqual((answer.returncode, answer.stdout, answer.stderr),
                             (0, f"OK: {file}\n", ""))

    def test_every_mistake_has_file_line_and_column(self):
        self.file.write_text("session:\n  expirey: 1d\nconnection:\n  packet_bytes_max: lots\n")
        for arguments in [["--check"], []]:  # It does not start with them either.
            answer = run(*arguments, "--config", self.file)
            self.assertEqual(answer.returncode, 2)
            self.assertEqual(answer.stderr.splitlines(), [
                f'{self.file}:2:3: session.expirey: there is no such key; did you mean "expiry"?',
                f'{self.file}:4:21: connection.packet_bytes_max: "lots" is not a size; '
                'write a number with a unit, such as 16MiB',
                "godwitd: the configuration has 2 mistakes, nothing was started"])

    def test_a_remote_listener_must_be_asked_for(self):
        self.file.write_text("listeners:\n  - bind: 0.0.0.0\n    port: 0\n")
        answer = run("--config", self.file)
        self.assertEqual(answer.returncode, 2)
        self.assertIn(f"{self.file}:2:5: listeners[0].bind", answer.stderr)
        self.assertIn("allow_anonymous_remote: true", answer.stderr)

    def test_a_missing_file_is_a_mistake(self):
        answer = run("--config", self.file)
        self.assertEqual(answer.returncode, 2)
        self.assertIn(f"{self.file}: cannot be opened: No such file", answer.stderr)

    def test_the_files_of_a_directory_are_part_of_it(self):
        more = self.file.with_name("conf.d")
        more.mkdir()
        self.file.write_text("include: conf.d\nshards: 3\n")
        (more / "b.yaml").write_text("log: {level: warn}\n")
        answer = run("--check", "--config", self.file)
        self.assertEqual((answer.returncode, answer.stdout, answer.stderr),
                         (0, f"OK: {self.file}, {more}/b.yaml\n", ""))
        printed = run("--print-effective", "--config", self.file).stdout
        self.assertIn(f"level: warn  # {more}/b.yaml:1\n", printed)
        (more / "a.yaml").write_text("shards: 4\n")
        answer = run("--check", "--config", self.file)
        self.assertEqual(answer.returncode, 2)
        self.assertIn(f"{more}/a.yaml:1:1: shards: given twice; first in {self.file}:2\n",
                      answer.stderr)

    def test_what_print_effective_prints_means_the_same(self):
        self.file.write_text("shards: 3\nsession: { inflight_max: 7 }\n")
        first = run("--print-effective", "--config", self.file, "--port", "1999")
        self.assertIn(f"shards: 3  # {self.file}:1\n", first.stdout)
        self.assertIn("port: 1999  # command line\n", first.stdout)
        again = self.file.with_name("again.yaml")
        again.write_text(first.stdout)
        second = run("--print-effective", "--config", again)
        without_origin = [line.split("  #")[0] for line in first.stdout.splitlines()]
        self.assertEqual(without_origin,
                         [line.split("  #")[0] for line in second.stdout.splitlines()])


class Start(unittest.TestCase):
    def test_all_listeners_are_opened_and_named_with_their_ports(self):
        listeners = [loopback_listener(name="one"), {**loopback_listener(name="two"),
                                                     "bind": "127.0.0.2"}]
        with Broker(config={"listeners": listeners, "shards": 3}) as broker:
            self.assertEqual(len(broker.lines("listener.open")), 2)
            self.assertEqual(broker.lines("listener.open", name="two", address=
                                          f"127.0.0.2:{broker.ports()[1]}"),
                             [broker.lines("listener.open")[1]])
            self.assertTrue(broker.lines("godwit.start", shards=3))

    def test_the_log_can_be_json_lines(self):
        with Broker(config={"log": {"format": "json"}}) as broker:
            self.assertIn('"event":"broker.ready"', broker.lines("broker.ready")[0])


if __name__ == "__main__":
    unittest.main()
