"""What godwitd keeps on disk, and the tools for it."""

import os
import pathlib
import signal
import subprocess
import tempfile
import unittest

from harness import Broker, godwitd, sanitizer_environment
from raw_client import RawClient, packet, text


def publish_qos1(client, topic, payload, packet_id=1, retain=False):
    """Sends and waits for PUBACK."""
    first = 0x33 if retain else 0x32
    client.socket.sendall(packet(first, text(topic) + packet_id.to_bytes(2, "big") + payload))
    assert client.read(4) == b"\x40\x02" + packet_id.to_bytes(2, "big"), "no PUBACK"


def read_publish(client):
    """Topic and payload of the next PUBLISH (shorter than 128 octets), acknowledged at QoS 1."""
    head = client.read(2)
    assert head[0] >> 4 == 3, head
    body = client.read(head[1])
    size = int.from_bytes(body[:2], "big")
    topic, rest = body[2:2 + size].decode(), body[2 + size:]
    if head[0] & 0x06:
        client.socket.sendall(b"\x40\x02" + rest[:2])
        rest = rest[2:]
    return topic, rest


def leave_something(broker):
    """A session that is away with one message waiting, and a retained message."""
    away = RawClient(broker.port, "away", clean=False)
    away.subscribe("q/#", qos=1)
    away.disconnect()
    writer = RawClient(broker.port, "writer")
    publish_qos1(writer, "q/1", b"waits", 7)
    publish_qos1(writer, "kept", b"stays", 8, retain=True)
    writer.disconnect()


def expect_it(broker, test):
    back = RawClient(broker.port, "away", clean=False)
    test.assertEqual(read_publish(back), ("q/1", b"waits"))
    back.subscribe("kept", qos=0)
    test.assertEqual(read_publish(back), ("kept", b"stays"))
    back.disconnect()


def run_store(*arguments, environment=None):
    return subprocess.run([godwitd(), "store", *map(str, arguments)], capture_output=True,
                          text=True, timeout=120,
                          env={**sanitizer_environment(), **(environment or {})})


class Restart(unittest.TestCase):
    def test_what_was_acknowledged_is_there_after_a_stop(self):
        with Broker() as broker:
            leave_something(broker)
            broker.stop()
            broker.again()
            expect_it(broker, self)

    def test_and_after_a_kill(self):
        with Broker(config={"shards": 3}) as broker:
            leave_something(broker)
            broker.kill()
            broker.again()
            expect_it(broker, self)

    def test_the_number_of_shards_may_change(self):
        with Broker(config={"shards": 4}) as broker:
            leave_something(broker)
            broker.kill()
            broker.config_path.write_text(broker.config_path.read_text().replace(
                '"shards": 4', '"shards": 1'))
            broker.again()
            expect_it(broker, self)

    def test_without_persistence_nothing_is_written(self):
        with Broker(config={"store": {"persistence": "none"}}) as broker:
            leave_something(broker)
            self.assertFalse(os.path.exists(broker.directory.name + "/store"))
            broker.stop()
            broker.again()
            back = RawClient(broker.port, "away", clean=False)  # nothing waits for it
            back.subscribe("kept", qos=0)
            writer = RawClient(broker.port, "writer")
            publish_qos1(writer, "kept", b"new")
            self.assertEqual(read_publish(back), ("kept", b"new"))
            writer.disconnect()
            back.disconnect()


class Place(unittest.TestCase):
    def test_without_configuration_it_is_in_the_users_state_home(self):
        with tempfile.TemporaryDirectory() as home:
            environment = {"XDG_STATE_HOME": home, "STATE_DIRECTORY": ""}
            process = subprocess.Popen(
                [godwitd(), "--port", "0"], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                stderr=subprocess.PIPE, text=True, env={**sanitizer_environment(), **environment})
            self.assertIn("ready", process.stdout.readline())
            process.send_signal(signal.SIGTERM)
            process.communicate(timeout=60)
            self.assertEqual(process.returncode, 0)
            store = pathlib.Path(home) / "godwit"
            self.assertEqual(store.stat().st_mode & 0o777, 0o700)
            self.assertTrue((store / "db/CURRENT").exists())

    def test_a_place_that_cannot_be_made_is_one_clear_line(self):
        broker = Broker(config={"store": {"directory": "/dev/null/store"}}).spawn()
        try:
            broker.wait(expect=1)
            lines = broker.lines("store.not_opened")
            self.assertEqual(len(lines), 1)
            self.assertIn("/dev/null/store", lines[0])
        finally:
            broker.clean_up()


class Tools(unittest.TestCase):
    def store_of(self, broker):
        return broker.directory.name + "/store"

    def test_stats_and_verify_read_a_stopped_store(self):
        with Broker() as broker:
            leave_something(broker)
            broker.stop()
            seen = run_store("stats", "--store", self.store_of(broker))
            self.assertEqual(seen.returncode, 0, seen.stderr)
            self.assertRegex(seen.stdout, r"queued messages +1\n")
            self.assertRegex(seen.stdout, r"retained messages +1\n")
            seen = run_store("verify", "-c", broker.config_path)
            self.assertEqual(seen.returncode, 0, seen.stderr)
            self.assertIn("OK: no damage", seen.stdout)

    def test_they_refuse_a_store_in_use_and_name_who_uses_it(self):
        with Broker() as broker:
            for command in ("stats", "verify"):
                seen = run_store(command, "--store", self.store_of(broker))
                self.assertEqual(seen.returncode, 1)
                self.assertIn(str(broker.pid), seen.stderr)

    def test_a_backup_is_taken_while_it_runs_and_restored(self):
        with Broker() as broker:
            store, copy = self.store_of(broker), broker.directory.name + "/copy"
            leave_something(broker)
            seen = run_store("backup", copy, "--store", store)
            self.assertEqual(seen.returncode, 0, seen.stderr)
            self.assertTrue(broker.lines("store.backed_up"))
            again = run_store("backup", copy, "--store", store)
            self.assertEqual(again.returncode, 1, "a backup must not replace another")
            expect_it(broker, self)  # the message is delivered and gone
            broker.stop()
            seen = run_store("restore", copy, "--store", store)
            self.assertEqual(seen.returncode, 0, seen.stderr)
            self.assertTrue(os.path.isdir(store + ".before-restore"))
            broker.again()
            expect_it(broker, self)

    def test_a_backup_of_a_stopped_store(self):
        with Broker() as broker:
            store, copy = self.store_of(broker), broker.directory.name + "/copy"
            leave_something(broker)
            broker.stop()
            self.assertEqual(run_store("backup", copy, "--store", store).returncode, 0)
            seen = run_store("stats", "--store", copy)
            self.assertRegex(seen.stdout, r"queued messages +1\n")

    def test_restore_refuses_while_the_store_is_in_use(self):
        with Broker() as broker:
            store, copy = self.store_of(broker), broker.directory.name + "/copy"
            self.assertEqual(run_store("backup", copy, "--store", store).returncode, 0)
            seen = run_store("restore", copy, "--store", store)
            self.assertEqual(seen.returncode, 1)
            self.assertIn(str(broker.pid), seen.stderr)


class Damage(unittest.TestCase):
    def test_stops_the_start_until_quarantine_is_asked_for(self):
        with Broker() as broker:
            store = pathlib.Path(broker.directory.name + "/store")
            leave_something(broker)
            writer = RawClient(broker.port, "writer")
            for i in range(50):
                publish_qos1(writer, "q/more", b"more" * 20, i + 1)
            broker.kill()
            log = max(store.glob("db/*.log"), key=lambda f: f.stat().st_size)
            data = bytearray(log.read_bytes())
            data[len(data) // 3] ^= 0x10
            log.write_bytes(bytes(data))
            broker.spawn_again()
            broker.wait(expect=1)
            self.assertTrue(broker.lines("store.damaged"))
            self.assertIn("--quarantine", broker.lines("store.not_opened")[0])
            seen = run_store("verify", "--store", store)
            self.assertEqual(seen.returncode, 1)
            broker.arguments.append("--quarantine")
            broker.again()
            broker.stop()


if __name__ == "__main__":
    unittest.main()
