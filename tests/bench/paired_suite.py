"""What paired.py runs: scenarios of godwit-bench with the figures to show, and short forms."""

QUEUE = [
    ("queue_cpu_us_per_message", "µs", 2),
    ("queue_messages_per_s", "1/s", 0),
    ("queue_device_bytes_per_message", "B", 0),
    ("drain_cpu_us_per_message", "µs", 2),
]
CPU, CONNECT_CPU = "cpu_us_per_message", "cpu_us_per_connection"
HANDSHAKES = ("connections_per_s", "1/s", 0)

# name: (arguments, [(figure, unit, digits)]); the first figure is the one to compare.
SUITE = {
    "fan-in-qos0": (["fan-in", "--qos", "0"], [(CPU, "µs", 2)]),
    "fan-in-qos1": (["fan-in", "--qos", "1"], [(CPU, "µs", 2)]),
    "fan-in-qos2": (["fan-in", "--qos", "2"], [(CPU, "µs", 2)]),
    "pairs-qos0": (["pairs", "--qos", "0"], [(CPU, "µs", 2)]),
    "pairs-qos1": (["pairs", "--qos", "1"], [(CPU, "µs", 2)]),
    "pairs-qos2": (["pairs", "--qos", "2"], [(CPU, "µs", 2)]),
    "fan-out-qos0": (["fan-out", "--qos", "0"], [(CPU, "µs", 2)]),
    "fan-out-qos1": (["fan-out", "--qos", "1"], [(CPU, "µs", 2)]),
    "filters": (["filters"], [(CPU, "µs", 2), ("anonymous_bytes_per_filter", "B", 0)]),
    "retained": (
        ["retained"],
        [
            ("replay_cpu_us_per_message", "µs", 2),
            ("store_cpu_us_per_message", "µs", 2),
            ("anonymous_bytes_per_message", "B", 0),
        ],
    ),
    "offline": (
        ["offline"],
        [
            ("queue_cpu_us_per_message", "µs", 2),
            ("drain_cpu_us_per_message", "µs", 2),
            ("anonymous_bytes_per_message", "B", 0),
        ],
    ),
    "durable-64": (["offline", "--window", "100", "--each", "3000"], QUEUE),
    "durable-200": (["offline", "--window", "100", "--each", "3000", "--payload", "200"], QUEUE),
    "durable-window-1": (
        ["offline", "--publishers", "200", "--window", "1", "--each", "500"],
        [*QUEUE, ("acknowledgement_us_p50", "µs", 0), ("acknowledgement_us_p99", "µs", 0)],
    ),
    "durable-fan-out": (
        ["offline", "--same-topic", "--count", "1000", "--each", "200", "--window", "10"],
        QUEUE,
    ),
    "durable-online": (["fan-in", "--qos", "1", "--persistent"], [(CPU, "µs", 2)]),
    "durable-1k": (
        ["offline", "--rate", "1000", "--each", "100"],
        [
            ("acknowledgement_us_p50", "µs", 0),
            ("acknowledgement_us_p99", "µs", 0),
            ("queue_cpu_percent", "%", 1),
            ("queue_device_bytes_per_message", "B", 0),
        ],
    ),
    "durable-million": (
        ["offline", "--window", "100", "--each", "10000"],
        [
            ("resident_bytes_per_message", "B", 0),
            ("anonymous_bytes_per_message", "B", 0),
            ("queue_cpu_us_per_message", "µs", 2),
            ("queue_device_bytes_per_message", "B", 0),
        ],
    ),
    "recovery": (
        ["offline", "--window", "100", "--each", "10000"],
        [
            ("recovery_seconds", "s", 2),
            ("recovery_cpu_seconds", "s", 2),
            ("recovery_resident_bytes", "B", 0),
            ("drain_cpu_us_per_message", "µs", 2),
        ],
    ),
    "connect": (["connect"], [(CONNECT_CPU, "µs", 1)]),
    # Handshakes in full, with one certificate or the other, and with a ticket.
    "tls-connect": (["connect", "--tls"], [(CONNECT_CPU, "µs", 1), HANDSHAKES]),
    "tls-rsa-connect": (["connect", "--tls"], [(CONNECT_CPU, "µs", 1), HANDSHAKES]),
    "tls-resume": (["connect", "--tls", "--tls-resume"], [(CONNECT_CPU, "µs", 1), HANDSHAKES]),
    "tls-pairs-qos0": (["pairs", "--tls"], [(CPU, "µs", 2)]),
    "tls-pairs-qos1": (["pairs", "--qos", "1", "--tls"], [(CPU, "µs", 2)]),
    "tls-fan-out-qos0": (["fan-out", "--tls"], [(CPU, "µs", 2)]),
    "tls-idle": (
        ["idle", "--tls", "--count", "6000", "--from", "1000"],
        [
            ("anonymous_bytes_per_connection", "B", 0),
            ("resident_bytes_per_connection", "B", 0),
            ("unasked_octets", "B", 0),
        ],
    ),
    "ws-pairs-qos0": (["pairs", "--ws"], [(CPU, "µs", 2)]),
    "wss-pairs-qos0": (["pairs", "--ws", "--tls"], [(CPU, "µs", 2)]),
    "idle": (
        ["idle"],
        [
            ("anonymous_bytes_per_connection", "B", 0),
            ("resident_bytes_per_connection", "B", 0),
            ("unasked_octets", "B", 0),
        ],
    ),
    "pairs-10k": (
        ["pairs", "--rate", "10000"],
        [("latency_us_p50", "µs", 0), ("latency_us_p99", "µs", 0), ("cpu_percent", "%", 1)],
    ),
    "fan-out-20": (
        ["fan-out", "--rate", "20"],
        [("latency_us_p50", "µs", 0), ("latency_us_p99", "µs", 0)],
    ),
    "steady-18000": (
        ["telemetry"],
        [("cpu_percent", "%", 2)],
    ),
}

SMOKE = {
    "fan-in-qos0": ["fan-in", "--qos", "0"],
    "fan-in-qos1-31": ["fan-in", "--qos", "1", "--protocol", "31"],
    "fan-in-qos2": ["fan-in", "--qos", "2", "--wildcard"],
    "pairs-qos1": ["pairs", "--qos", "1"],
    "fan-out-qos0": ["fan-out", "--subscribers", "50"],
    "fan-out-qos1": ["fan-out", "--subscribers", "50", "--qos", "1"],
    "filters": ["filters", "--count", "2000"],
    "retained": ["retained", "--count", "1000"],
    "offline": ["offline", "--count", "10", "--each", "100"],
    "offline-same-topic": ["offline", "--count", "50", "--each", "20", "--same-topic"],
    "offline-rate": ["offline", "--count", "10", "--each", "20", "--rate", "1000"],
    "fan-in-persistent": ["fan-in", "--qos", "1", "--persistent"],
    "connect": ["connect", "--at-once", "10"],
    "idle": ["idle", "--from", "20", "--count", "100", "--hold", "0.5"],
    "tls-connect": ["connect", "--at-once", "5", "--tls", "--tls-resume"],
    "tls-rsa-pairs": ["pairs", "--qos", "1", "--publishers", "5", "--tls"],
    "ws-pairs": ["pairs", "--qos", "1", "--publishers", "5", "--ws"],
    "wss-fan-out": ["fan-out", "--subscribers", "20", "--ws", "--tls", "--payload", "70000"],
}
