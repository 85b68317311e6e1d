"""Every command of godwitctl that asks or tells a running broker."""

import json
import os
import pathlib
import re
import signal
import socket
import stat
import subprocess
import tempfile
import unittest

from ctl_client import Ctl, godwitctl
from harness import Broker, loopback_listener, write_config
from raw_client import RawClient, packet, text


def durable_subscriber(port, client_id, topic):
    """A persistent session that is subscribed with QoS 1 and away."""
    client = RawClient(port, client_id, clean=False)
    client.subscribe(topic, qos=1)
    client.disconnect()


def commands_of(help_text):
    """What --help lists: two spaces, one word or two, and an operand or what it does."""
    head, _, _ = help_text.partition("godwitctl COMMAND --help")
    return [found[1] for found in re.finditer(r"^  ([a-z]+(?: [a-z]+)?) ", head, re.MULTILINE)]


def publish_qos1(client, topic, payload):
    client.socket.sendall(packet(0x32, text(topic) + b"\0\7" + payload))
    assert client.read(4) == b"\x40\x02\x00\x07"


class Clients(unittest.TestCase):
    def setUp(self):
        self.broker = Broker({"shards": 3}).start()
        self.addCleanup(self.broker.clean_up)
        self.ctl = Ctl(self.broker)

    def tearDown(self):
        self.broker.stop()

    def test_lists_who_is_there_and_who_is_away(self):
        durable_subscriber(self.broker.port, "away", "a/b")
        here = [RawClient(self.broker.port, f"here-{i}") for i in range(5)]
        rows, summary = self.ctl.json("clients", "list")
        self.assertEqual(sorted(row["client"] for row in rows),
                         ["away"] + [f"here-{i}" for i in range(5)])
        self.assertEqual(summary, {"clients": 6})
        rows, _ = self.ctl.json("clients", "list", "--offline")
        self.assertEqual([(row["client"], row["subscriptions"], row["persistent"]) for row in rows],
                         [("away", 1, True)])
        rows, _ = self.ctl.json("clients", "list", "--connected", "--limit", "2")
        self.assertEqual(len(rows), 2)
        table = self.ctl.text("clients", "list", "--connected")
        self.assertIn(here[3].address, table)
        self.assertTrue(table.startswith("client "))
        for client in here:
            client.disconnect()

    def test_shows_one_with_its_history(self):
        durable_subscriber(self.broker.port, "phone", "a/b")
        first = RawClient(self.broker.port, "phone", clean=False)
        second = RawClient(self.broker.port, "phone", clean=False)
        first.expect_end()
        rows, session = self.ctl.json("clients", "show", "phone")
        self.assertEqual([(row["what"], row.get("reason")) for row in rows],
                         [("connected, new session", None),
                          ("disconnected", "client_disconnected"),
                          ("connected, session resumed", None),
                          ("disconnected", "taken_over"),
                          ("connected, session resumed", None)])
        self.assertEqual((session["client"], session["address"], session["connected"]),
                         ("phone", second.address, True))
        self.assertIn("no session", self.ctl.run("clients", "show", "nobody", expect=4).stderr)
        second.disconnect()

    def test_disconnects_one_and_keeps_its_session(self):
        client = RawClient(self.broker.port, "unruly", clean=False)
        self.ctl.run("disconnect", "unruly")
        client.expect_end()
        self.broker.wait_for("client.disconnected", client="unruly", reason="administrative")
        rows, _ = self.ctl.json("clients", "list", "--offline")
        self.assertEqual([row["client"] for row in rows], ["unruly"])
        self.ctl.run("disconnect", "unruly", expect=4)

    def test_deletes_a_session_and_what_it_holds(self):
        durable_subscriber(self.broker.port, "old", "a/b")
        sender = RawClient(self.broker.port, "sender")
        publish_qos1(sender, "a/b", b"waits")
        connected = RawClient(self.broker.port, "live", clean=False)
        for client in ["old", "live"]:
            self.ctl.run("session", "delete", client)
        connected.expect_end()
        self.assertEqual(self.ctl.json("clients", "list", "--offline")[1], {"clients": 0})
        self.assertEqual(self.ctl.json("subscriptions")[1], {"subscriptions": 0})
        self.ctl.run("session", "delete", "old", expect=4)
        self.broker.kill()
        self.broker.again()
        self.assertEqual(self.ctl.json("clients", "list")[1], {"clients": 0})

    def test_lists_subscriptions(self):
        clients = [RawClient(self.broker.port, f"s-{i}") for i in range(4)]
        for i, client in enumerate(clients):
            client.subscribe(f"t/{i}", qos=1)
            client.subscribe("all/#")
        rows, summary = self.ctl.json("subscriptions")
        self.assertEqual(summary, {"subscriptions": 8})
        rows, _ = self.ctl.json("subscriptions", "--client", "s-2")
        self.assertEqual(sorted((row["filter"], row["qos"]) for row in rows),
                         [("all/#", 0), ("t/2", 1)])
        rows, _ = self.ctl.json("subscriptions", "--filter", "all/#")
        self.assertEqual(sorted(row["client"] for row in rows), [f"s-{i}" for i in range(4)])
        self.ctl.run("subscriptions", "--client", "nobody", expect=4)

    def test_peeks_into_a_queue_without_taking_anything(self):
        durable_subscriber(self.broker.port, "away", "news")
        sender = RawClient(self.broker.port, "sender")
        for body in [b"one", b"two", b"\xff\x00"]:
            publish_qos1(sender, "news", body)
        rows, summary = self.ctl.json("queue", "peek", "away")
        self.assertEqual(summary, {"messages": 3})
        self.assertEqual([(row["topic"], row["qos"], row["state"], row["size_bytes"])
                          for row in rows],
                         [("news", 1, "queued", 7), ("news", 1, "queued", 7),
                          ("news", 1, "queued", 6)])
        self.assertNotIn("one", self.ctl.text("queue", "peek", "away"), "payloads are private")
        rows, _ = self.ctl.json("queue", "peek", "away", "--payload", "--limit", "3")
        self.assertEqual([row.get("payload", row.get("payload_hex")) for row in rows],
                         ["one", "two", "ff00"])
        self.assertEqual(self.ctl.json("queue", "peek", "away", "--limit", "1")[1], {"messages": 1})
        self.assertNotIn("one", self.broker.log_text())

    def test_drains(self):
        clients = [RawClient(self.broker.port, f"d-{i}") for i in range(6)]
        _, summary = self.ctl.json("drain", "--within", "1")
        self.assertEqual(summary, {"draining": True, "connections_left": 0})
        for client in clients:
            client.expect_end()
        with self.assertRaises((AssertionError, OSError)):
            RawClient(self.broker.port, "late")
        self.ctl.run("drain", "--off")
        RawClient(self.broker.port, "again").disconnect()


class Topics(unittest.TestCase):
    def setUp(self):
        self.broker = Broker({"shards": 3}).start()
        self.addCleanup(self.broker.clean_up)
        self.ctl = Ctl(self.broker)

    def tearDown(self):
        self.broker.stop()

    def test_publishes_to_subscribers_on_every_shard(self):
        clients = [RawClient(self.broker.port, f"p-{i}") for i in range(6)]
        for client in clients:
            client.subscribe("hello", qos=1)
        self.ctl.run("publish", "hello", "--message", "it works", "--qos", "1")
        self.ctl.run("publish", "hello", stdin="from standard input")
        with tempfile.NamedTemporaryFile() as file:
            file.write(b"\xfe\x01")
            file.flush()
            self.ctl.run("publish", "hello", "--file", file.name)
        for client in clients:
            self.assertEqual(client.read(19)[-8:], b"it works")
            self.assertEqual(client.read(28)[-19:], b"from standard input")
            self.assertEqual(client.read(11)[-2:], b"\xfe\x01")
        self.ctl.run("publish", "a/#", "--message", "x", expect=2)
        self.ctl.run("publish", "hello", "--message", "x", "--qos", "3", expect=2)

    def test_lists_and_deletes_retained_messages(self):
        for i in range(5):
            self.ctl.run("publish", f"r/{i}", "--message", f"value {i}", "--retain")
        rows, summary = self.ctl.json("retained", "list", "r/#")
        self.assertEqual(summary, {"retained": 5})
        self.assertEqual(sorted(row["topic"] for row in rows), [f"r/{i}" for i in range(5)])
        self.assertNotIn("value", self.ctl.text("retained", "list"))
        rows, _ = self.ctl.json("retained", "list", "r/3", "--payload")
        self.assertEqual((rows[0]["payload"], rows[0]["payload_bytes"]), ("value 3", 7))
        self.assertEqual(self.ctl.json("retained", "list", "--limit", "2")[1], {"retained": 2})
        self.ctl.run("retained", "delete", "r/3")
        self.ctl.run("retained", "delete", "r/3", expect=4)
        self.broker.kill()
        self.broker.again()
        rows, _ = self.ctl.json("retained", "list")
        self.assertEqual(sorted(row["topic"] for row in rows), ["r/0", "r/1", "r/2", "r/4"])
        self.ctl.run("retained", "list", "a/#/b", expect=2)


class Whole(unittest.TestCase):
    def test_a_list_that_is_longer_than_a_page_is_whole(self):
        with tempfile.TemporaryDirectory() as directory, \
                Broker({"shards": 1, "store": {"persistence": "none"},
                        "control": {"socket": directory + "/control"}}) as broker:
            names = {f"page-{i:03}" for i in range(300)}
            for name in sorted(names):
                RawClient(broker.port, name, clean=False).disconnect()
            rows, summary = Ctl(broker).json("clients", "list")
            self.assertEqual(summary, {"clients": 300})
            self.assertEqual({row["client"] for row in rows}, names)

    def test_status_and_top(self):
        with Broker({"shards": 2}) as broker:
            ctl = Ctl(broker)
            client = RawClient(broker.port, "one")
            durable_subscriber(broker.port, "behind", "q")
            publish_qos1(client, "q", b"x" * 1000)
            _, status = ctl.json("status")
            self.assertEqual(status["now"]["clients_connected"], 1)
            self.assertEqual(status["now"]["sessions_offline"], 1)
            self.assertEqual(status["store"]["state"], "good")
            self.assertEqual(len(status["shards"]), 2)
            self.assertTrue(status["serving"])
            self.assertGreater(sum(shard["turns"] for shard in status["shards"]), 0)
            self.assertIn("clients_connected", ctl.text("status"))
            page = ctl.text("top", "--once")
            self.assertRegex(page, r"behind +no +1 +1001")
            self.assertNotIn("one ", page, "nothing waits for it")
            client.disconnect()

    def test_log_level(self):
        with Broker() as broker:
            ctl = Ctl(broker)
            self.assertEqual(ctl.json("log", "level")[1], {"level": "info"})
            ctl.run("log", "level", "error")
            RawClient(broker.port, "unseen").disconnect()
            ctl.run("log", "level", "info")
            RawClient(broker.port, "seen").disconnect()
            broker.wait_for("client.connected", client="seen")
            self.assertEqual(broker.lines("client.connected", client="unseen"), [])
            ctl.run("log", "level", "loud", expect=2)

    def test_reload_and_diff(self):
        with Broker() as broker:
            ctl = Ctl(broker)
            self.assertEqual(ctl.json("config", "diff")[1]["need_restart"], [])
            changed = {**broker.config, "log": {"level": "warn"}, "shards": 7}
            write_config(broker.directory.name, changed)
            for command in [["config", "diff"], ["reload"]]:
                _, report = ctl.json(*command)
                self.assertEqual(report["live"],
                                 [{"key": "log.level", "running": "info", "file": "warn"}])
                self.assertEqual([d["key"] for d in report["need_restart"]], ["shards"])
                self.assertEqual(report["mistakes"], [])
            self.assertEqual(ctl.json("log", "level")[1], {"level": "warn"})
            self.assertEqual(ctl.json("config", "diff")[1]["live"], [])
            broken = {**changed, "shards": "many", "log": {"level": "error"}}
            write_config(broker.directory.name, broken)
            said = subprocess.run(
                [godwitctl(), "reload", "--json", "--socket", broker.directory.name
                 + "/store/control"], capture_output=True, text=True, check=False)
            self.assertEqual(said.returncode, 2)
            self.assertIn("shards", json.loads(said.stdout)["mistakes"][0])
            write_config(broker.directory.name, broker.config)
            self.assertEqual(ctl.json("log", "level")[1], {"level": "warn"}, "nothing was taken")

    def test_included_files_are_checked_compared_and_reloaded(self):
        with Broker({"include": "conf.d"}, files={"conf.d/10-log.yaml": "log: {level: info}\n"}
                    ) as broker:
            ctl = Ctl(broker)
            place = pathlib.Path(broker.directory.name, "conf.d")
            files = [str(broker.config_path), str(place / "10-log.yaml")]
            self.assertEqual(ctl.json("config", "check")[1],
                             {"right": True, "files": files, "mistakes": []})
            (place / "10-log.yaml").write_text("log: {level: warn}\n")
            (place / "20-more.yaml").write_text("\nshards: 9\n")
            _, report = ctl.json("config", "diff")
            self.assertEqual(report["files"], files + [str(place / "20-more.yaml")])
            self.assertEqual([d["key"] for d in report["live"]], ["log.level"])
            self.assertEqual([d["key"] for d in report["need_restart"]], ["shards"])
            ctl.run("reload")
            self.assertEqual(ctl.json("log", "level")[1], {"level": "warn"})
            (place / "20-more.yaml").write_text("\nlog: {level: error}\n")
            wrong = (f"{place}/20-more.yaml:2:7: log.level: given twice; first in "
                     f"{place}/10-log.yaml:1")
            done = ctl.run("config", "check", expect=2)
            self.assertIn(wrong, done.stdout)
            self.assertIn("right                 no", done.stdout)
            self.assertIn(wrong, ctl.run("config", "diff", expect=2).stdout)
            broker.signal(signal.SIGHUP)
            broker.wait_for("reload.mistake", file=f"{place}/20-more.yaml", line=2)
            self.assertEqual(ctl.json("log", "level")[1], {"level": "warn"}, "nothing was taken")

    def test_a_mistake_in_the_files_does_not_keep_operators_out(self):
        with tempfile.TemporaryDirectory() as directory, \
                Broker({"control": {"socket": directory + "/control"}}) as broker:
            write_config(broker.directory.name, {**broker.config, "shards": "many"})
            self.assertTrue(Ctl(broker).json("status")[1]["serving"])
            self.assertIn("shards", Ctl(broker).text("config", "check", expect=2))

    def test_backup(self):
        with Broker() as broker:
            durable_subscriber(broker.port, "kept", "a")
            with tempfile.TemporaryDirectory() as directory:
                copy = directory + "/copy"
                Ctl(broker).run("backup", copy)
                self.assertTrue(any(pathlib.Path(copy).iterdir()))
                self.assertIn("exist", Ctl(broker).run("backup", copy, expect=1).stderr)

    def test_nobody_listens(self):
        with Broker() as broker:
            pass
        said = subprocess.run([godwitctl(), "status", "--socket", "/nonexistent/control"],
                              capture_output=True, text=True, check=False)
        self.assertEqual(said.returncode, 3)
        self.assertIn("no godwitd listens on /nonexistent/control", said.stderr)


class Socket(unittest.TestCase):
    def test_is_for_user_and_group(self):
        with Broker() as broker:
            path = pathlib.Path(broker.directory.name, "store/control")
            self.assertEqual(stat.S_IMODE(os.stat(path).st_mode), 0o660)
        self.assertFalse(path.exists())

    def test_lies_where_the_configuration_says(self):
        with tempfile.TemporaryDirectory() as directory:
            path = directory + "/" + "long" * 30 + "/socket"
            pathlib.Path(path).parent.mkdir()
            with Broker({"control": {"socket": path}, "store": {"persistence": "none"}}) as broker:
                broker.wait_for("control.open")
                _, status = Ctl(broker).json("status")
                self.assertTrue(status["serving"])
                self.assertIn("memory only", Ctl(broker).run("backup", directory + "/x",
                                                             expect=1).stderr)

    def ask(self, broker, line):
        with socket.socket(socket.AF_UNIX) as s:
            s.settimeout(60)
            s.connect(broker.directory.name + "/store/control")
            s.sendall(line)
            answer = b""
            while more := s.recv(65536):
                answer += more
        return answer

    def test_nonsense_is_answered_and_harms_nobody(self):
        with Broker() as broker:
            for line in [b"hello\n", b"[]\n", b"{}\n", b'{"do":"fly"}\n', b'{"do":7}\n',
                         b'{"do":"queue.peek","client":[]}\n', b'{"do":"top","limit":-1}\n',
                         b'{"do":"publish","topic":"a/+"}\n', b"\xff\xfe\n",
                         b'{"do":"publish","topic":"a","payload_hex":"0g"}\n']:
                answer = json.loads(self.ask(broker, line))
                self.assertEqual(answer["kind"], "usage", line)
            RawClient(broker.port, "served").disconnect()

    def test_a_client_that_says_nothing_does_not_keep_the_broker(self):
        with Broker() as broker:
            silent = [socket.socket(socket.AF_UNIX) for _ in range(3)]
            for s in silent:
                s.connect(broker.directory.name + "/store/control")
            self.assertTrue(Ctl(broker).json("status")[1]["serving"])
            for s in silent:
                s.close()


class CommandLine(unittest.TestCase):
    def run_ctl(self, *words):
        return subprocess.run([godwitctl(), *words], capture_output=True, text=True, check=False)

    def test_help_teaches_every_command(self):
        commands = commands_of(self.run_ctl("--help").stdout)
        self.assertGreater(len(commands), 20)
        for words in commands:
            one = self.run_ctl(*words.split(), "--help")
            self.assertEqual(one.returncode, 0)
            self.assertTrue(one.stdout.startswith("godwitctl " + words))
            self.assertIn("\n  --json ", one.stdout)
            self.assertIn("\nExit status: 0 done, 1 failed", one.stdout)

    def test_every_command_has_a_test(self):
        here = pathlib.Path(__file__)
        tests = here.read_text() + here.with_name("security_test.py").read_text()
        for words in commands_of(self.run_ctl("--help").stdout):
            first, *rest = words.split()
            used = '", "'.join([first, *rest])
            self.assertRegex(tests, rf'"{used}"|explain\("{"|".join(rest)}"', words)

    def test_what_is_wrong_and_what_would_be_right(self):
        for words, says in [(["clients"], "clients list or clients show"),
                            (["clients", "show"], "needs ID"),
                            (["clients", "list", "--conected"], "did you mean --connected?"),
                            (["top", "--interval", "often"], "takes a number"),
                            (["status", "now"], "one word too many"),
                            (["publish", "t", "--message"], "takes a value")]:
            said = self.run_ctl(*words)
            self.assertEqual(said.returncode, 2)
            self.assertIn(says, said.stderr)


if __name__ == "__main__":
    unittest.main()
