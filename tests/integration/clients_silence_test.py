"""A radio stays asleep: for 60 s of real time nothing comes over an idle connection, and the kernel
has no keepalive timer on it either."""

import pathlib
import select
import time
import unittest

import clients_wire as wire
from clients_balance import BalancedBroker
from clients_wire import Wire

SILENCE_S = 60
LOOPBACK = "0100007F"
KEEPALIVE_TIMER = "02"


def timers(port):
    """{peer's port: timer} of the broker's sockets that are connected on `port`.

    A timer is 00 (none), 01 (a retransmission), 02 (keepalive, or a delayed acknowledgement).
    """
    out = {}
    for line in pathlib.Path("/proc/net/tcp").read_text().splitlines()[1:]:
        _, local, remote, state, _, timer, *_ = line.split()
        if local == f"{LOOPBACK}:{port:04X}" and state == "01":
            out[int(remote.split(":")[1], 16)] = timer.split(":")[0]
    return out


class Silence(unittest.TestCase):
    def test_nothing_comes_over_an_idle_connection(self):
        with BalancedBroker({"shards": 1}) as one, BalancedBroker({"shards": 8}) as eight:
            idle = {}
            for broker in (one, eight):
                for version in ("3.1", "3.1.1"):
                    for keep_alive in (0, 60, 65535):
                        c = Wire(broker.port)
                        self.addCleanup(c.close)
                        name = f"idle-{version}-{keep_alive}"
                        c.connect(name, version=version, keep_alive=keep_alive)
                        c.subscribe(("nothing/comes/here", 2))
                        idle[c.socket] = name, c
            self.watch(idle, (one, eight))
            for _, c in idle.values():
                c.send(wire.packet(0xC0))
                self.assertEqual(c.expect(wire.PINGRESP), b"")
                c.send(wire.packet(0xE0))
                self.assertEqual(c.wait_for_end(), b"")

    def watch(self, idle, brokers):
        end = time.monotonic() + SILENCE_S
        ports = {s.getsockname()[1] for s in idle}
        looked = 0
        while (left := end - time.monotonic()) > 0:
            # Acknowledgements that the kernel delays are out within the first second.
            noisy = select.select(list(idle), [], [], min(1, left))[0]
            self.assertEqual([idle[s][0] for s in noisy], [])
            found = {}
            for broker in brokers:
                found.update(timers(broker.port))
            self.assertLessEqual(ports, found.keys())
            self.assertNotIn(KEEPALIVE_TIMER, found.values())
            looked += 1
        self.assertGreater(looked, SILENCE_S / 2)


if __name__ == "__main__":
    unittest.main()
