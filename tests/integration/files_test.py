"""What the broker does when its files run out: it pauses, keeps the last ones for itself, and
turns nobody away."""

import pathlib
import resource
import signal
import threading
import time
import unittest

import clients_wire as wire
from clients_wire import Wire
from daemon_http_test import get
from harness import Broker, free_port, parse_fields
from scale import IS_SANITIZED, cpu_s, wait_until

FILES = 200
SOME = 60                   # connections that wait; the limit leaves room for fewer than FILES
SECONDS = 3
CPU_SHARE = 0.10 if IS_SANITIZED else 0.03


def few_files():
    resource.setrlimit(resource.RLIMIT_NOFILE, (FILES, FILES))


def open_files(pid):
    return len(list(pathlib.Path(f"/proc/{pid}/fd").iterdir()))


class Files(unittest.TestCase):
    def waiting(self, port, number):
        """A client that connects; whether it was accepted, it does not know yet."""
        one = Wire(port)
        self.addCleanup(one.close)
        one.send(wire.connect(f"client-{number}"))
        return one

    def test_it_pauses_and_goes_on_and_the_rest_works_meanwhile(self):
        watch = free_port()
        config = {"shards": 2, "http": {"port": watch}, "log": {"level": "info"},
                  "tuning": {"files_reserved": 25}}
        with Broker(config, preexec=few_files) as broker:
            durable = Wire(broker.port)
            self.addCleanup(durable.close)
            durable.connect("durable", clean=False)
            inside = []
            while not broker.lines("listener.out_of_files"):
                inside.append(self.waiting(broker.port, len(inside)))
                inside[-1].socket.settimeout(wire.DEADLINE_S)
                self.assertLess(len(inside), FILES)
                self.wait_for_answer_or_pause(broker, inside[-1])
            outside = [self.waiting(broker.port, len(inside) + i) for i in range(SOME)]

            self.check_rest(broker)
            self.check_what_needs_files(broker, watch, durable)

            for one in inside:
                one.close()
            for one in outside:
                self.assertEqual(one.expect(wire.CONNACK)[1], 0)
            refused = [line for line in broker.lines("client.disconnected")
                       if parse_fields(line)["reason"] not in ("client_closed", "connection_lost")]
            self.assertEqual(refused, [])
            lines = broker.lines("listener.out_of_files")
            self.assertLessEqual(len(lines), 2 * 2, "one in ten seconds for each shard")

    @staticmethod
    def wait_for_answer_or_pause(broker, one):
        """Until the client is in, or a shard says that it pauses."""
        def decided():
            return one.receive(0.01) is not None or broker.lines("listener.out_of_files")
        wait_until(decided, "an answer, or a pause")

    def check_rest(self, broker):
        """It waits for time, not in a loop, and has files left."""
        used, begin = cpu_s(broker.pid), time.monotonic()
        threading.Event().wait(SECONDS)
        share = (cpu_s(broker.pid) - used) / (time.monotonic() - begin)
        left = FILES - open_files(broker.pid)
        print(f"\nout of files: {100 * share:.1f} % of a core, {left} files left")
        self.assertLess(share, CPU_SHARE)
        self.assertGreaterEqual(left, 20)

    def check_what_needs_files(self, broker, watch, durable):
        self.assertEqual(get(watch, "/healthz"), (200, "ok\n"))
        self.assertIn("godwit_connections_opened_total", get(watch, "/metrics")[1])
        broker.signal(signal.SIGHUP)
        broker.wait_for("reload.done")
        # More than the store keeps in memory, so that it makes files.
        for number in range(800):
            durable.send(wire.publish(f"kept/{number}", b"x" * 60_000, 1, number + 1, True))
            durable.expect(wire.PUBACK)


if __name__ == "__main__":
    unittest.main()
