"""The malformed battery on the real daemon, through real sockets, over and over.

Each case has its answer from malformed_model; the log must have one line with the reason for each
end. Two other clients talk all the time and must not notice, no memory may be left behind, and the
books must balance. GODWIT_REPEATS: how often all of it runs.
"""

import asyncio
import collections
import os
import re
import statistics
import threading
import time
import unittest

import clients_wire as wire
import malformed_cases
import malformed_model as model
from clients_balance import BalancedBroker
from clients_hostile_test import RULE
from clients_wire import Wire
from harness import free_port, parse_fields, resident_kib
from scale import Metrics, wait_until

AT_ONCE = 48
ROUND_TIMEOUT_S = 300
# A freed block waits in AddressSanitizer's quarantine; a small one shows what really stays.
ENVIRONMENT = {"ASAN_OPTIONS": "detect_leaks=1:exitcode=99:quarantine_size_mb=4:"
                               "thread_local_quarantine_size_kb=64"}
CONFIG = {"connection": {"connect_bytes_max": f"{model.CONNECT_BYTES_MAX}B",
                         "packet_bytes_max": f"{model.PACKET_BYTES_MAX}B",
                         "client_id_bytes_max": model.CLIENT_ID_BYTES_MAX,
                         "topic_levels_max": model.TOPIC_LEVELS_MAX},
          "session": {"expiry": "1s", "takeovers_max": 0}}
WARM_UP = 2                 # rounds at least until all pools have their size, a sanitizer's too
SEVERAL = 5                 # rounds whose middle is compared: a buffer may have just been emptied
GROWTH_KIB_MAX = int(os.environ.get("GODWIT_GROWTH_KIB", "4096"))  # in the second half of them
# A write buffer of 4 MiB for each of its seven tables, emptied when it is full, and its cache.
STORE_KIB_MAX = 48 * 1024


class Friends:
    """Two clients that write to each other, a message at a time each way."""

    def __init__(self, port):
        self.wires = [Wire(port), Wire(port)]
        for i, w in enumerate(self.wires):
            w.connect(f"friend-{i}")
            w.subscribe((f"friends/{i}", 1))
        self.round_trips = 0
        self.slowest_s = 0
        self.fault = None
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._work, daemon=True)
        self._thread.start()

    def _work(self):
        try:
            while not self._stop.is_set():
                start = time.monotonic()
                for sender, to in ((0, 1), (1, 0)):
                    topic, payload = f"friends/{to}", str(self.round_trips).encode()
                    self.wires[sender].send(wire.publish(topic, payload, qos=1))
                    if self.wires[to].receive_publish() != (topic, payload):
                        raise AssertionError(f"message {self.round_trips} to {topic} did not come")
                    self.wires[sender].expect(wire.PUBACK)
                self.round_trips += 1
                self.slowest_s = max(self.slowest_s, time.monotonic() - start)
                self._stop.wait(0.01)
        except (AssertionError, OSError) as fault:
            self.fault = fault

    def finish(self):
        self._stop.set()
        self._thread.join(wire.DEADLINE_S)
        for w in self.wires:
            w.close()
        if self.fault:
            raise self.fault
        return self.round_trips


class Round:
    """All cases once, some at a time, from an address of this round's own."""

    def __init__(self, port, number, cases):
        self.port = port
        self.address = f"127.0.1.{number + 1}"
        self.cases = cases
        self.peers = collections.defaultdict(list)
        self.faults = []
        self.running = set()

    async def run(self):
        left = collections.deque(self.cases)

        async def worker():
            while left:
                case = left.popleft()
                self.running.add(case.name)
                await self.one(case)
                self.running.discard(case.name)

        try:
            await asyncio.wait_for(asyncio.gather(*(worker() for _ in range(AT_ONCE))),
                                   ROUND_TIMEOUT_S)
        except asyncio.TimeoutError:
            self.faults += [f"{name}: no end" for name in self.running]

    async def one(self, case):
        reader, writer = await asyncio.open_connection("127.0.0.1", self.port,
                                                       local_addr=(self.address, 0))
        # The system may give a port again once it is free.
        self.peers["%s:%d" % writer.get_extra_info("sockname")].append(case)
        expected = case.expected
        got = b""
        try:
            if case.hello:
                writer.write(case.hello)
                connack = await reader.readexactly(4)
                if connack != b"\x20\x02\x00\x00":
                    self.faults.append(f"{case.name}: CONNACK {connack.hex(' ')}")
            writer.write(case.data)
            if expected.end == model.ANY:
                writer.write_eof()
            if expected.end == model.OPEN:
                # What the broker has to say comes while the connection is open.
                got = await reader.readexactly(len(expected.answers))
                writer.write_eof()
            got += await reader.read()
        except asyncio.IncompleteReadError as e:
            got = e.partial
        except ConnectionError:
            pass                      # it was closed while bytes were on their way
        finally:
            writer.close()
        # Answers that had to wait for others may be lost when the same bytes end the connection.
        if expected.end == model.ANY:
            return
        fits = expected.answers == got if expected.end in (model.OPEN, model.REFUSED) else \
            expected.answers.startswith(got)
        if not fits:
            self.faults.append(f"{case.name}: answer {got.hex(' ')}, "
                               f"not {expected.answers.hex(' ')}")

    @staticmethod
    def ends_in(lines):
        ends = collections.defaultdict(list)
        for line in lines:
            if " client.disconnected " in line:
                fields = parse_fields(line)
                ends[fields["peer"]].append(fields)
        return ends

    def are_all_logged(self, lines):
        ends = self.ends_in(lines)
        return all(len(ends[peer]) >= len(cases) for peer, cases in self.peers.items())

    def check_log(self, lines):
        """One line for the end of each connection, with its reason and, for a fault, the rule."""
        ends = self.ends_in(lines)
        for peer, cases in self.peers.items():
            if len(ends[peer]) != len(cases):
                self.faults.append(f"{[case.name for case in cases]}: {len(ends[peer])} ends")
            for case, fields in zip(cases, ends[peer]):
                self.check_end(case, fields)

    def check_end(self, case, fields):
        if case.expected.end == model.ANY:
            if fields["reason"] not in (model.OPEN, model.BYE, model.ERROR, model.TOO_LARGE,
                                        model.REFUSED, "taken_over"):
                self.faults.append(f"{case.name}: the log says {fields}")
        elif fields["reason"] != case.expected.end:
            self.faults.append(f"{case.name}: the log says {fields}, not {case.expected.end}")
        elif fields["reason"] not in (model.OPEN, model.BYE):
            names_a_rule = re.match(RULE, fields.get("rule", "")) or \
                re.search(r"\b(connection|protocol)\.\w+", fields.get("what", ""))
            if not fields.get("what") or not names_a_rule:
                self.faults.append(f"{case.name}: the log names no rule: {fields}")


class Malformed(unittest.TestCase):
    def test_every_case_has_the_right_end_and_hurts_nobody(self):
        repeats = int(os.environ.get("GODWIT_REPEATS", "2"))
        cases = list(malformed_cases.cases())
        self.assertGreaterEqual(len(cases), 3000)
        metrics = Metrics(free_port())
        broker = BalancedBroker({"shards": int(os.environ.get("GODWIT_SHARDS", "4")),
                                 "http": {"port": metrics.port}, **CONFIG},
                                environment=ENVIRONMENT)
        with broker:
            friends = Friends(broker.port)
            memory = []         # in KiB, without the store's, whose bound is its own
            for number in range(repeats):
                start = time.monotonic()
                self.one_round(broker, number, cases)
                store = int(metrics['memory_bytes{kind="store"}']) // 1024
                memory.append(resident_kib(broker.pid) - store)
                print(f"round {number}: {len(cases)} cases in {time.monotonic() - start:.1f} s, "
                      f"{memory[-1]} KiB and the store's {store} KiB", flush=True)
                self.assertLess(store, STORE_KIB_MAX)
            self.assertGreater(friends.finish(), 0)
            print(f"friends: {friends.round_trips} round trips, "
                  f"the slowest {friends.slowest_s * 1000:.0f} ms")
            if repeats > WARM_UP:
                half = max(WARM_UP, repeats // 2)
                growth = statistics.median(memory[half:][-SEVERAL:]) - \
                    statistics.median(memory[:half][-SEVERAL:])
                self.assertLessEqual(growth, GROWTH_KIB_MAX, memory)

    def one_round(self, broker, number, cases):
        before = len(broker.lines())
        one = Round(broker.port, number, cases)
        asyncio.run(one.run())
        # Another shard may write its line a moment after the peer has seen the end.
        wait_until(lambda: one.are_all_logged(broker.lines()[before:]), "a line for each end")
        # Its line comes behind what else a shard may still write.
        with Wire(broker.port) as last:
            last.connect(f"last-{number}")
        broker.wait_for("client.disconnected", client=f"last-{number}")
        one.check_log(broker.lines()[before:])
        self.assertFalse(one.faults, f"{len(one.faults)} faults:\n" + "\n".join(one.faults[:40]))


if __name__ == "__main__":
    unittest.main()
