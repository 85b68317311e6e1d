"""Configurations of the brokers that paired.py compares."""

# By the program's file name. mosquitto keeps its defaults but for what the comparison needs: its
# window of 20 is named although it is the default, and the limit on queued messages is lifted,
# because with its default of 1,000 it drops QoS 1 messages under this load. Both log errors only:
# a line for each connection would be a good part of what a connection costs.
CONFIGS = {
    "godwitd": (
        "listeners:\n"
        "  - bind: 127.0.0.1\n"
        "    port: {port}\n"
        "store:\n"
        "  directory: {dir}/store\n"
        "log:\n"
        "  level: error\n"
    ),
    "mosquitto": (
        "listener {port} 127.0.0.1\n"
        "allow_anonymous true\n"
        "max_inflight_messages 20\n"
        "max_queued_messages 0\n"
        "log_type error\n"
    ),
}

# For the durable scenarios. mosquitto writes its database at the end and every half hour, so it
# saves the disk and loses everything since in a crash; Godwit acknowledges what is on the disk.
DURABLE_CONFIGS = {
    "godwitd": CONFIGS["godwitd"] + (
        "session:\n"
        "  queue:\n"
        "    bytes_max: 10GiB\n"
    ),
    "mosquitto": CONFIGS["mosquitto"] + (
        "persistence true\n"
        "persistence_location {dir}/\n"
        "user root\n"
    ),
}


def godwitd_listener(more):
    return CONFIGS["godwitd"].replace("    port: {port}\n", "    port: {port}\n" + more)


GODWITD_TLS = "    tls: {certificate: {ca}/%s.pem, key: {ca}/%s.key}\n"
MOSQUITTO_TLS = CONFIGS["mosquitto"] + "user root\ncertfile {ca}/%s.pem\nkeyfile {ca}/%s.key\n"
GODWITD_WS = "    websocket: {path: /mqtt}\n"
# What stands between the socket and MQTT: ECDSA P-256 or RSA-2048, WebSocket, or both.
LAYERED_CONFIGS = {
    "tls": {
        "godwitd": godwitd_listener(GODWITD_TLS % ("server", "server")),
        "mosquitto": MOSQUITTO_TLS % ("server", "server"),
    },
    "tls-rsa": {
        "godwitd": godwitd_listener(GODWITD_TLS % ("server-rsa", "server-rsa")),
        "mosquitto": MOSQUITTO_TLS % ("server-rsa", "server-rsa"),
    },
    "ws": {
        "godwitd": godwitd_listener(GODWITD_WS),
        "mosquitto": CONFIGS["mosquitto"] + "protocol websockets\n",
    },
    "wss": {
        "godwitd": godwitd_listener(GODWITD_TLS % ("server", "server") + GODWITD_WS),
        "mosquitto": MOSQUITTO_TLS % ("server", "server") + "protocol websockets\n",
    },
}

KINDS = {"plain": CONFIGS, "durable": DURABLE_CONFIGS, **LAYERED_CONFIGS}


def kind_of(scenario):
    """Which configuration a scenario wants."""
    if scenario.startswith("durable-") or scenario == "recovery":
        return "durable"
    for kind in ("tls-rsa", "tls", "wss", "ws"):
        if scenario.startswith(kind + "-"):
            return kind
    return "plain"
