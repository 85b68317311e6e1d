"""The goals for the figures, and whether they are reached.

CPU time belongs to one machine, so the goals are ratios to Debian's mosquitto 2.0.11 in the same
run: its figure on the machine where they were set, over the goal there. Bytes are bytes.
"""

CPU, BYTES = "cpu_us_per_message", "anonymous_bytes_per_"
REPLAY, QUEUED = "replay_cpu_us_per_message", "queue_cpu_us_per_message"

# (scenario, figure, mosquitto's where the goals were set, at least, goal). With a pair of
# scenarios, the second is mosquitto's: it has no match for the first, which waits for the disk.
RATIOS = [
    ("fan-in-qos0", CPU, 4.7, 0.45, 0.30),
    ("fan-in-qos1", CPU, 8.3, 0.75, 0.58),
    ("fan-in-qos2", CPU, 59, 1.4, 1.1),
    ("pairs-qos0", CPU, 5.4, 0.50, 0.35),
    ("pairs-qos1", CPU, 9.0, 0.95, 0.80),
    ("pairs-qos2", CPU, 20, 1.7, 1.3),
    ("fan-out-qos0", CPU, 6.0, 1.3, 0.95),
    ("fan-out-qos1", CPU, 8.5, 2.0, 1.4),
    ("filters", CPU, 6.5, 1.2, 0.8),
    ("retained", REPLAY, 1.1, 0.6, 0.4),
    ("offline", QUEUED, 4.5, 5, 2.5),
    (("durable-online", "fan-in-qos1"), CPU, 8.3, 3, 2),
    ("connect", "cpu_us_per_connection", 14, 16, 12),
    ("pairs-10k", "latency_us_p50", 23, 35, 28),
    ("fan-out-20", "latency_us_p50", 5800, 5200, 4600),
    ("fan-out-20", "latency_us_p99", 37000, 9000, 7500),
    ("steady-18000", "cpu_percent", 1.2, 1.2, 0.9),
]
# (scenario, figure, at least, goal)
ABSOLUTE = [
    ("idle", BYTES + "connection", 1500, 1100),
    ("filters", BYTES + "filter", 350, 200),
    ("retained", BYTES + "message", 350, 250),
    ("offline", BYTES + "message", 150, 64),
]


def verdict(value, at_least, goal):
    if value <= goal:
        return "goal"
    return "at least" if value <= at_least else "missed"


def goals_table(ours, theirs):
    """`ours` and `theirs`: medians by scenario. Rows of what was measured."""
    lines = ["| work | figure | measured | at least | goal | reached |", "|" + "---|" * 6]
    for scenario, figure, peer, least, goal in RATIOS:
        own, other = scenario if isinstance(scenario, tuple) else (scenario, scenario)
        a, b = ours.get(own, {}).get(figure), theirs.get(other, {}).get(figure)
        if a is None or not b:
            continue
        cells = (a / b, least / peer, goal / peer)
        numbers = " | ".join(f"{cell:.3f}" for cell in cells)
        lines.append(f"| {own} | {figure.replace('_', ' ')}, ratio | {numbers} | "
                     f"{verdict(*cells)} |")
    for scenario, figure, least, goal in ABSOLUTE:
        a = ours.get(scenario, {}).get(figure)
        if a is None:
            continue
        numbers = f"{a:,.0f} | {least:,} | {goal:,}"
        lines.append(f"| {scenario} | {figure.replace('_', ' ')} | {numbers} | "
                     f"{verdict(a, least, goal)} |")
    return "\n".join(lines)
