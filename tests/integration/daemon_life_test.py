"""How godwitd starts, stops, and says so."""

import pathlib
import resource
import select
import signal
import socket
import tempfile
import time
import unittest

from harness import Broker, loopback_listener, parse_fields
from raw_client import RawClient


class Stop(unittest.TestCase):
    def test_a_signal_to_stop_closes_clients_in_order_and_ends_with_0(self):
        for number in (signal.SIGTERM, signal.SIGINT):
            with Broker() as broker:
                clients = [RawClient(broker.port, f"c{i}", clean=i % 2 == 0) for i in range(20)]
                broker.signal(number)
                for client in clients:
                    client.expect_end()
                    client.close()
                broker.wait(expect=0)
                self.assertTrue(broker.lines("broker.stopped"))

    def test_output_on_its_way_is_sent_before_the_end(self):
        with Broker(config={"shards": 1}) as broker:
            reader = RawClient(broker.port, "reader")
            reader.subscribe("t")
            writer = RawClient(broker.port, "writer")
            payload = b"x" * 1000
            for _ in range(100):
                writer.publish("t", payload)
            writer.disconnect()
            broker.signal(signal.SIGTERM)
            received = b""
            while True:
                more = reader.socket.recv(65536)
                if not more:
                    break
                received += more
            self.assertEqual(received.count(payload), 100)
            reader.close()
            broker.wait(expect=0)

    def test_a_second_signal_ends_at_once(self):
        patient = {"tuning": {"stop_max": "1h"}, "connection": {"linger_max": "1h",
                                                                "output_bytes_max": "64MiB"}}
        with Broker(config=patient) as broker:
            stuck = RawClient(broker.port, "stuck")  # never reads what comes
            stuck.subscribe("t")
            writer = RawClient(broker.port, "writer")
            for _ in range(32):
                writer.publish("t", b"x" * 1_000_000)
            writer.disconnect()
            broker.signal(signal.SIGTERM)
            broker.wait_for("broker.stopping")
            self.assertIsNone(broker.process.poll())
            broker.signal(signal.SIGTERM)
            broker.wait(expect=3, timeout=20)
            stuck.close()

    def test_nobody_can_connect_while_it_stops(self):
        with Broker() as broker:
            port = broker.port
            broker.stop()
            with self.assertRaises(ConnectionRefusedError):
                RawClient(port, "late")


class Start(unittest.TestCase):
    def expect_failure(self, broker, event, *words):
        broker.spawn()
        broker.wait(expect=1)
        lines = broker.lines(event)
        self.assertEqual(len(lines), 1, broker.log_text())
        self.assertIn(" error ", lines[0])
        for word in words:
            self.assertIn(word, lines[0])
        self.assertFalse(broker.lines("broker.ready"))

    def test_a_port_that_another_godwitd_has_is_an_error(self):
        with Broker() as first:
            for shards in (1, 4):
                second = Broker(config={"listeners": [loopback_listener(first.port)],
                                        "shards": shards})
                self.expect_failure(second, "listener.failed", f"127.0.0.1:{first.port}", "in use")
                second.clean_up()
            RawClient(first.port, "still-served").disconnect()

    def test_a_port_that_another_program_has_is_an_error(self):
        with socket.create_server(("127.0.0.1", 0)) as other:
            broker = Broker(config={"listeners": [loopback_listener(other.getsockname()[1])]})
            self.expect_failure(broker, "listener.failed", "in use")
            broker.clean_up()

    def test_an_address_of_another_machine_is_an_error(self):
        broker = Broker(config={"listeners": [{"bind": "192.0.2.1", "port": 0,
                                               "allow_anonymous_remote": True}]})
        self.expect_failure(broker, "listener.failed", "192.0.2.1")
        broker.clean_up()

    def test_too_few_files_for_the_connections_is_an_error(self):
        def few_files():
            resource.setrlimit(resource.RLIMIT_NOFILE, (256, 256))
        broker = Broker(config={"connections_max": 5000}, preexec=few_files)
        self.expect_failure(broker, "files.too_few", "limit=256", "connections=5000")
        broker.clean_up()

    def test_the_soft_limit_of_files_is_raised(self):
        def soft_limit():
            resource.setrlimit(resource.RLIMIT_NOFILE, (64, 4096))
        with Broker(config={"connections_max": 1000}, preexec=soft_limit) as broker:
            limits = pathlib.Path(f"/proc/{broker.pid}/limits").read_text()
            self.assertRegex(limits, r"Max open files +4096 +4096")

    def test_a_log_file_that_cannot_be_opened_is_an_error(self):
        broker = Broker(config={"log": {"destination": "/nonexistent/godwit.log"}})
        broker.spawn()
        broker.wait(expect=1)
        self.assertIn("/nonexistent/godwit.log", broker.log_text())
        broker.clean_up()


class Log(unittest.TestCase):
    def test_each_connection_has_a_line_at_its_start_and_its_end(self):
        with Broker() as broker:
            polite = RawClient(broker.port, "polite")
            line = parse_fields(broker.wait_for("client.connected", client="polite"))
            self.assertEqual(line["peer"], polite.address)
            polite.disconnect()
            line = parse_fields(broker.wait_for("client.disconnected", client="polite"))
            self.assertEqual(line["peer"], polite.address)
            polite_reason = line["reason"]

            rude = RawClient(broker.port, "rude")
            rude.close()
            line = parse_fields(broker.wait_for("client.disconnected", client="rude"))
            self.assertNotEqual(line["reason"], polite_reason)
            self.assertEqual(len(broker.lines("client.connected")), 2)
            self.assertEqual(len(broker.lines("client.disconnected")), 2)

    def test_the_file_is_opened_again_on_sighup(self):
        with tempfile.TemporaryDirectory() as directory:
            log = pathlib.Path(directory) / "godwit.log"
            broker = Broker(config={"log": {"destination": str(log)}})
            self.addCleanup(broker.clean_up)
            broker.spawn()
            wait_for_word(log, "broker.ready")
            rotated = log.with_suffix(".1")
            log.rename(rotated)
            broker.signal(signal.SIGHUP)
            wait_for_word(log, "reload.done")
            broker.stop()
            self.assertNotIn("reload.done", rotated.read_text())
            self.assertIn("broker.stopped", log.read_text())


class Reload(unittest.TestCase):
    def test_sighup_tells_what_needs_a_restart(self):
        with Broker(config={"connection": {"receive_maximum": 10}}) as broker:
            text = broker.config_path.read_text()
            broker.config_path.write_text(
                text.replace('"receive_maximum": 10', '"receive_maximum": 20'))
            broker.signal(signal.SIGHUP)
            broker.wait_for(
                "reload.needs_restart", key="connection.receive_maximum", running=10, file=20)
            broker.wait_for("reload.done", need_restart=1)
            RawClient(broker.port, "served").disconnect()

    def test_sighup_with_mistakes_keeps_everything(self):
        with Broker() as broker:
            broker.config_path.write_text("session:\n  expirey: 1d\n")
            broker.signal(signal.SIGHUP)
            line = broker.wait_for("reload.mistake", line=2, column=3)
            self.assertIn("session.expirey", line)
            RawClient(broker.port, "served").disconnect()


def wait_for_word(path, word, timeout_s=60):
    """Until the file has the word; looks again every 20 ms."""
    end = time.monotonic() + timeout_s
    while time.monotonic() < end:
        if path.exists() and word in path.read_text():
            return
        select.select([], [], [], 0.02)
    raise AssertionError(f"no {word} in {path}")


if __name__ == "__main__":
    unittest.main()
