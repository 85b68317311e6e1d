"""A broker whose books are checked before it stops: nothing may have vanished silently.

    publish_received = refused + no subscriber + routed
    copies_made      = delivered + expired + dropped + ended with their session + in the log

The broker tells its counters in $SYS/broker/godwit/..., once a second here.
"""

import time

from clients_wire import Wire
from harness import Broker

PREFIX = "$SYS/broker/godwit/"
NEEDED = {"publish_received", "publish_no_subscriber", "publish_routed", "copies_made",
          "copies_delivered", "copies_expired", "copies_ended_with_session", "copies_in_log",
          "clients_connected", "sessions_persistent", "connections_opened", "connections_closed"}
PAUSE_S = 0.3       # between two publications of $SYS, which come within a few milliseconds
DEADLINE_S = 45


class Books:
    """The counters, read over a connection of its own while the broker runs."""

    def __init__(self, port):
        self.values = {}
        self._wire = Wire(port)
        self._wire.connect("books", keep_alive=60)
        self._wire.subscribe((PREFIX + "#", 0))

    def close(self):
        self._wire.close()

    def read(self, deadline):
        """Takes in one publication of $SYS, up to the pause behind it."""
        wait = max(0, deadline - time.monotonic())
        while (got := self._wire.receive_publish(wait)) is not None:
            topic, payload = got
            if payload.lstrip(b"-").isdigit():  # a few are words, such as the store's state
                self.values[topic[len(PREFIX):]] = int(payload)
            wait = PAUSE_S
        return self.values

    def sum(self, prefix):
        return sum(value for name, value in self.values.items() if name.startswith(prefix + "/"))

    def faults(self, everybody_left):
        """What does not add up, as text lines; none when all is right."""
        v = self.values
        if missing := NEEDED - v.keys():
            return [f"not published: {sorted(missing)}"]
        out = []
        publishes = v["publish_no_subscriber"] + v["publish_routed"] + self.sum("publish_refused")
        if v["publish_received"] != publishes:
            out.append(f"publishes: {v['publish_received']} received, {publishes} accounted for")
        copies = (v["copies_delivered"] + v["copies_expired"] + self.sum("copies_dropped")
                  + v["copies_ended_with_session"] + v["copies_in_log"])
        if v["copies_made"] != copies:
            out.append(f"copies: {v['copies_made']} made, {copies} accounted for")
        if everybody_left:
            left = {"clients_connected": 1, "sessions_persistent": 0, "copies_in_log": 0,
                    "sessions_persistent_offline": 0, "shared_subscriptions": 0,
                    "subscriptions": 1}
            out += [f"{name} is {v.get(name, 0)}, not {n}"
                    for name, n in left.items() if v.get(name, 0) != n]
        return out


class BalancedBroker(Broker):
    """Publishes $SYS each second, and checks the balance in its stop step."""

    def __init__(self, config=None, everybody_left=True, **more):
        """`everybody_left`: when it stops, no session may be left but that of the check."""
        super().__init__({"sys": {"interval": "1s"}, **(config or {})}, **more)
        self.everybody_left = everybody_left

    def check_balance(self):
        """Waits until two readings in a row have the same sound books; AssertionError if none."""
        deadline = time.monotonic() + DEADLINE_S
        books = Books(self.port)
        try:
            sound = 0
            while sound < 2:
                books.read(deadline)
                faults = books.faults(self.everybody_left)
                sound = 0 if faults else sound + 1
                if time.monotonic() >= deadline:
                    raise AssertionError("the balance is wrong: " + "; ".join(faults) + "\n"
                                         + self._sheet(books.values))
        finally:
            books.close()

    def stop(self, expect=0):
        self.check_balance()
        return super().stop(expect)

    @staticmethod
    def _sheet(values):
        return "\n".join(f"  {name} {value}" for name, value in sorted(values.items()) if value)
