#!/usr/bin/env python3
"""Writes godwit-dashboard.json, the Grafana dashboard, from the list of panels below.

    make_dashboard.py > godwit-dashboard.json
"""

import json

# Title, unit, and (query, legend) pairs.
PANELS = [
    ("Clients connected", "short", [("godwit_clients_connected", "connected"),
                                    ("godwit_sessions_persistent_offline", "away")]),
    ("Connections a second", "ops", [("rate(godwit_connections_opened_total[5m])", "opened"),
                                     ("rate(godwit_sessions_taken_over_total[5m])", "taken over")]),
    ("Ends of connections", "ops",
     [("sum by (reason) (rate(godwit_connections_closed_total[5m])) > 0", "{{reason}}")]),
    ("Messages received, by QoS", "ops",
     [("sum by (qos) (rate(godwit_publish_received_total[5m]))", "QoS {{qos}}")]),
    ("Messages sent, by QoS", "ops",
     [("sum by (qos) (rate(godwit_publish_sent_total[5m]))", "QoS {{qos}}")]),
    ("Bytes", "Bps", [("rate(godwit_received_bytes_total[5m])", "received"),
                      ("rate(godwit_sent_bytes_total[5m])", "sent")]),
    ("Messages that wait for clients", "short", [("godwit_copies_in_log", "waiting")]),
    ("Dropped, by reason", "ops",
     [("sum by (reason) (rate(godwit_copies_dropped_total[5m])) > 0", "{{reason}}")]),
    ("Refused, by reason", "ops",
     [("sum by (reason) (rate(godwit_publish_refused_total[5m])) > 0", "{{reason}}")]),
    ("Acknowledgements of publishes", "s",
     [(f"histogram_quantile({q}, rate(godwit_publish_acknowledgement_seconds_bucket[5m]))",
       f"p{q}") for q in ("0.5", "0.99")]),
    ("Logins", "ops", [("sum by (method, result) (rate(godwit_logins_total[5m])) > 0",
                        "{{method}} {{result}}")]),
    ("TLS handshakes", "ops", [("rate(godwit_tls_handshakes_total[5m])", "good"),
                               ("rate(godwit_tls_resumed_total[5m])", "resumed"),
                               ("rate(godwit_tls_failed_total[5m])", "failed")]),
    ("Group commits", "s",
     [(f"histogram_quantile({q}, rate(godwit_store_commit_seconds_bucket[5m]))", f"p{q}")
      for q in ("0.5", "0.99")]),
    ("Journal", "bytes", [("godwit_store_journal_bytes", "on disk"),
                          ("godwit_store_live_bytes", "needed")]),
    ("Subscriptions and retained messages", "short",
     [("godwit_subscriptions", "subscriptions"), ("godwit_retained_messages", "retained")]),
    ("CPU", "percentunit", [('rate(process_cpu_seconds_total{job="godwit"}[5m])', "cores")]),
    ("Memory", "bytes", [('process_resident_memory_bytes{job="godwit"}', "resident")]),
    ("Open files", "short", [('process_open_fds{job="godwit"}', "open"),
                             ('process_max_fds{job="godwit"}', "allowed")]),
]

COLUMNS, WIDTH, HEIGHT = 3, 8, 7


def panel(number, title, unit, queries):
    return {
        "id": number + 1,
        "title": title,
        "type": "timeseries",
        "datasource": {"type": "prometheus", "uid": "${source}"},
        "gridPos": {"x": number % COLUMNS * WIDTH, "y": number // COLUMNS * HEIGHT,
                    "w": WIDTH, "h": HEIGHT},
        "fieldConfig": {"defaults": {"unit": unit, "min": 0}, "overrides": []},
        "targets": [{"refId": chr(ord("A") + i), "expr": expr, "legendFormat": legend}
                    for i, (expr, legend) in enumerate(queries)],
    }


def main():
    print(json.dumps({
        "title": "Godwit",
        "uid": "godwit",
        "schemaVersion": 37,
        "refresh": "15s",
        "time": {"from": "now-3h", "to": "now"},
        "templating": {"list": [{"name": "source", "label": "Prometheus", "type": "datasource",
                                 "query": "prometheus"}]},
        "panels": [panel(i, *p) for i, p in enumerate(PANELS)],
    }, indent=1))


if __name__ == "__main__":
    main()
