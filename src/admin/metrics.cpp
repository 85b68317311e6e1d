#include <godwit/admin/exposition.hpp>
#include <godwit/admin/metrics.hpp>

#include <array>

namespace godwit::admin {
namespace {

using observe::counter;
using type = exposition::type;

/// A counter of the shards that is a family of its own.
struct family_of {
  counter from;
  type kind;
  std::string_view name;
  std::string_view help;
};

constexpr auto plain_families = std::to_array<family_of>({
    {counter::connections_opened, type::counter, "godwit_connections_opened_total",
     "Network connections that were accepted."},
    {counter::clients_connected, type::gauge, "godwit_clients_connected",
     "Clients that are connected and past CONNACK."},
    {counter::sessions_persistent, type::gauge, "godwit_sessions_persistent",
     "Sessions that outlive their connection."},
    {counter::sessions_persistent_offline, type::gauge, "godwit_sessions_persistent_offline",
     "Persistent sessions whose client is away."},
    {counter::sessions_created, type::counter, "godwit_sessions_created_total",
     "Sessions that began."},
    {counter::sessions_resumed, type::counter, "godwit_sessions_resumed_total",
     "Sessions that a client came back to."},
    {counter::sessions_taken_over, type::counter, "godwit_sessions_taken_over_total",
     "Connections that ended because their client connected anew."},
    {counter::sessions_expired, type::counter, "godwit_sessions_expired_total",
     "Persistent sessions that ended because their client stayed away."},
    {counter::bytes_received, type::counter, "godwit_received_bytes_total",
     "Bytes of MQTT received from clients."},
    {counter::bytes_sent, type::counter, "godwit_sent_bytes_total",
     "Bytes of MQTT sent to clients."},
    {counter::publish_bytes_received, type::counter, "godwit_publish_payload_received_bytes_total",
     "Payload bytes of the publishes that were received."},
    {counter::publish_bytes_sent, type::counter, "godwit_publish_payload_sent_bytes_total",
     "Payload bytes of the publishes that were sent."},
    {counter::publish_duplicates, type::counter, "godwit_publish_duplicates_total",
     "QoS 2 publishes that were repeated by their client and recognised."},
    {counter::publish_received, type::counter, "godwit_publish_accepted_or_refused_total",
     "Publishes: the sum of refused, without subscriber and routed."},
    {counter::publish_no_subscriber, type::counter, "godwit_publish_no_subscriber_total",
     "Publishes that nobody had subscribed to."},
    {counter::publish_routed, type::counter, "godwit_publish_routed_total",
     "Publishes that matched a subscription."},
    {counter::copies_made, type::counter, "godwit_copies_made_total",
     "Copies for subscribers: the sum of delivered, expired, dropped, ended with their session and "
     "in the logs."},
    {counter::copies_delivered, type::counter, "godwit_copies_delivered_total",
     "Copies that reached their subscriber: QoS 0 given to the network, QoS 1 and 2 acknowledged."},
    {counter::copies_expired, type::counter, "godwit_copies_expired_total",
     "Copies that became too old."},
    {counter::copies_ended_with_session, type::counter, "godwit_copies_ended_with_session_total",
     "Copies that ended with their session."},
    {counter::copies_in_log, type::gauge, "godwit_copies_in_log",
     "Copies that wait in the sessions' logs or are in flight."},
    {counter::copies_redelivered, type::counter, "godwit_copies_redelivered_total",
     "Publishes that were sent again with DUP."},
    {counter::copies_handed_over, type::counter, "godwit_copies_handed_over_total",
     "Copies that went from one member of a shared group to another."},
    {counter::wills_published, type::counter, "godwit_wills_published_total",
     "Wills that were published."},
    {counter::subscriptions, type::gauge, "godwit_subscriptions", "Subscriptions."},
    {counter::shared_subscriptions, type::gauge, "godwit_shared_subscriptions",
     "Subscriptions of shared groups."},
    {counter::retained_messages, type::gauge, "godwit_retained_messages", "Retained messages."},
    {counter::retained_bytes, type::gauge, "godwit_retained_bytes",
     "Payload bytes of the retained messages."},
    {counter::retained_expired, type::counter, "godwit_retained_expired_total",
     "Retained messages that expired."},
    {counter::retained_of_clients, type::gauge, "godwit_retained_messages_of_clients",
     "Retained messages without the broker's own: what retained.count_max limits."},
    {counter::retained_bytes_of_clients, type::gauge, "godwit_retained_bytes_of_clients",
     "Bytes of their topics and payloads: what retained.bytes_max limits."},
    {counter::retained_not_kept, type::counter, "godwit_retained_not_kept_total",
     "Publishes that there was no room to retain (retained.count_max, retained.bytes_max)."},
    {counter::retained_withheld, type::counter, "godwit_retained_withheld_total",
     "Copies of retained messages that were not made: the publisher has lost the right."},
    {counter::slowed_by_publish_rate, type::counter, "godwit_slowed_by_publish_rate_total",
     "Pauses of publishers at connection.publishes_per_second_max."},
    {counter::slowed_by_publish_bytes, type::counter, "godwit_slowed_by_publish_bytes_total",
     "Pauses of publishers at connection.publish_bytes_per_second_max."},
    {counter::slowed_by_memory, type::counter, "godwit_slowed_by_memory_total",
     "Pauses of publishers for lack of memory (memory_limit)."},
    {counter::tls_handshakes, type::counter, "godwit_tls_handshakes_total",
     "TLS handshakes that came to a good end."},
    {counter::tls_resumed, type::counter, "godwit_tls_resumed_total",
     "TLS handshakes that went on with a ticket of an earlier connection."},
    {counter::tls_failed, type::counter, "godwit_tls_failed_total",
     "TLS handshakes that failed, or took too long."},
    {counter::mail_sent, type::counter, "godwit_shard_letters_total",
     "Letters between the shards."},
    {counter::mail_for_nobody, type::counter, "godwit_shard_letters_for_nobody_total",
     "Publishes that went to a shard without a match there."},
});

constexpr std::array<std::string_view, observe::packet_types> packet_names{
    "reserved", "connect",  "connack",    "publish", "puback",      "pubrec",
    "pubrel",   "pubcomp",  "subscribe",  "suback",  "unsubscribe", "unsuback",
    "pingreq",  "pingresp", "disconnect", "auth"};

void add_packets(exposition& out, std::string_view name, std::string_view help,
                 const std::array<std::uint64_t, observe::packet_types>& counts) {
  out.family(name, type::counter, help);
  for (std::size_t i = 1; i < counts.size(); ++i) {
    out.sample(counts[i], {{"type", packet_names[i]}});
  }
}

void add_by_qos(exposition& out, std::string_view name, std::string_view help,
                const std::array<std::uint64_t, observe::qos_levels>& counts) {
  constexpr std::array<std::string_view, observe::qos_levels> levels{"0", "1", "2"};
  out.family(name, type::counter, help);
  for (std::size_t i = 0; i < counts.size(); ++i) out.sample(counts[i], {{"qos", levels[i]}});
}

template <class Reason>
void add_by_reason(exposition& out, std::string_view name, std::string_view help,
                   const observe::totals& sums) {
  out.family(name, type::counter, help);
  for (std::size_t i = 0; i < static_cast<std::size_t>(Reason::count_); ++i) {
    const auto reason = static_cast<Reason>(i);
    out.sample(sums[reason], {{"reason", observe::name(reason)}});
  }
}

void add_counters(exposition& out, const broker_figures& f) {
  for (const family_of& one : plain_families) {
    out.family(one.name, one.kind, one.help);
    if (one.kind == type::gauge) {
      out.sample(f.sums.gauge(one.from));
    } else {
      out.sample(f.sums[one.from]);
    }
  }
  out.family("godwit_connections_closed_total", type::counter,
             "Network connections that ended, by reason.");
  for (std::size_t i = 0; i < f.close_reasons.size() && i < f.sums.closes.size(); ++i) {
    out.sample(f.sums.closes[i], {{"reason", f.close_reasons[i]}});
  }
  add_packets(out, "godwit_packets_received_total", "Control packets received, by type.",
              f.sums.packets_received);
  add_packets(out, "godwit_packets_sent_total", "Control packets sent, by type.",
              f.sums.packets_sent);
  add_by_qos(out, "godwit_publish_received_total",
             "Publishes received, by QoS, repetitions included.", f.sums.publish_received);
  add_by_qos(out, "godwit_publish_sent_total", "Publishes sent, by QoS, repetitions included.",
             f.sums.publish_sent);
  add_by_reason<observe::connection_refusal>(
      out, "godwit_connections_refused_total",
      "Network connections that were closed before MQTT began, by reason.", f.sums);
  add_by_reason<observe::connect_refusal>(out, "godwit_connect_refused_total",
                                          "CONNECTs that got no session, by reason.", f.sums);
  add_by_reason<observe::subscribe_refusal>(out, "godwit_subscribe_refused_total",
                                            "Filters that were not granted, by reason.", f.sums);
  add_by_reason<observe::refuse_reason>(out, "godwit_publish_refused_total",
                                        "Publishes that were not accepted, by reason.", f.sums);
  add_by_reason<observe::drop_reason>(out, "godwit_copies_dropped_total",
                                      "Copies that did not reach their subscriber, by reason.",
                                      f.sums);
}

void add_logins(exposition& out, const observe::totals& sums) {
  out.family("godwit_logins_total", type::counter,
             "Logins that were decided, by how the client tried.");
  for (std::size_t i = 0; i < sums.logins_accepted.size(); ++i) {
    const std::string_view method = observe::name(static_cast<observe::login_method>(i));
    out.sample(sums.logins_accepted[i], {{"method", method}, {"result", "accepted"}});
    out.sample(sums.logins_refused[i], {{"method", method}, {"result", "refused"}});
  }
}

void add_store(exposition& out, const store_figures& s) {
  out.family("godwit_store_state", type::gauge, "1 for the state that the store is in.");
  for (const std::string_view state : {"good", "low_disk", "full", "failed"}) {
    out.sample(std::uint64_t{s.state == state ? 1U : 0U}, {{"state", state}});
  }
  out.single("godwit_store_commits_total", type::counter, "Group commits.", s.commits);
  out.single("godwit_store_records_total", type::counter, "Records written.", s.records);
  out.single("godwit_store_waiting_bytes", type::gauge, "Bytes of records that wait for the disk.",
             s.waiting_bytes);
  out.single("godwit_store_journal_bytes", type::gauge, "Bytes of the journal.", s.journal_bytes);
  out.single("godwit_store_live_bytes", type::gauge,
             "Bytes of the journal that are still needed, roughly.", s.live_bytes);
  out.single("godwit_store_moved_bytes_total", type::counter,
             "Bytes that garbage collection has written again.", s.moved_bytes);
  out.single("godwit_store_queued_messages", type::gauge, "Messages in the logs on disk.",
             s.queued_entries);
  out.single("godwit_store_bodies", type::gauge, "Message bodies that they share.", s.bodies);
  out.single("godwit_store_fetched_bodies_total", type::counter,
             "Message bodies that were read back from the disk.", s.fetched_bodies);
  out.durations("godwit_store_commit_seconds", "How long group commits took.", s.commit_times);
}

void add_process(exposition& out, const process_figures& p) {
  out.single("process_cpu_seconds_total", type::counter, "CPU time, user and system.",
             p.cpu_seconds);
  out.single("process_resident_memory_bytes", type::gauge, "Resident memory.", p.resident_bytes);
  out.single("process_open_fds", type::gauge, "Open file descriptors.", p.open_files);
  out.single("process_max_fds", type::gauge, "Most open file descriptors allowed.", p.files_max);
  out.single("process_start_time_seconds", type::gauge, "When the process started, since 1970.",
             p.started_at);
}

/// How the load falls on the threads that serve clients.
void add_shards(exposition& out, const broker_figures& f) {
  constexpr double us_per_second = 1e6;
  const auto each = [&](auto value_of) {
    for (std::size_t i = 0; i < f.by_shard.size(); ++i) {
      out.sample(value_of(f.by_shard[i]), {{"shard", std::to_string(i)}});
    }
  };
  out.family("godwit_shard_busy_seconds_total", type::counter,
             "Time that a shard's turns took: its share of one core.");
  each([](const observe::totals& t) {
    return static_cast<double>(t[counter::busy_us]) / us_per_second;
  });
  out.family("godwit_shard_turns_total", type::counter, "Turns of a shard.");
  each([](const observe::totals& t) { return t[counter::turns]; });
  out.family("godwit_shard_clients_connected", type::gauge, "Clients at home on a shard.");
  each([](const observe::totals& t) { return t.gauge(counter::clients_connected); });
  out.family("godwit_shard_packets_received_total", type::counter, "Control packets, by shard.");
  each([](const observe::totals& t) { return t[counter::packets_received]; });
  out.family("godwit_shard_packets_sent_total", type::counter, "Control packets, by shard.");
  each([](const observe::totals& t) { return t[counter::packets_sent]; });
  out.durations("godwit_turn_seconds",
                "How long turns took: what a client waits at most before its shard looks at it.",
                f.turn_times);
}

void add_memory(exposition& out, const memory_figures& m) {
  out.family("godwit_memory_bytes", type::gauge, "Memory of the process, by what it is for.");
  for (std::size_t i = 0; i < m.bytes.size(); ++i) {
    out.sample(m.bytes[i], {{"kind", observe::name(static_cast<observe::memory_kind>(i))}});
  }
  out.single("godwit_memory_limit_bytes", type::gauge, "memory_limit; 0 is none.", m.limit);
  out.single("godwit_memory_level", type::gauge,
             "What is done about little memory: 0 nothing, 1 no accepting, 2 no CONNECT, 3 no "
             "PUBLISH, 4 QoS 0 dropped.",
             static_cast<std::uint64_t>(m.level));
}

}  // namespace

memory_figures memory_figures_of(const observe::totals& sums,
                                 const observe::memory_gauge& gauge) noexcept {
  memory_figures out;
  for (std::size_t i = 0; i < out.bytes.size(); ++i) {
    const auto kind = static_cast<observe::memory_kind>(i);
    out.bytes[i] = sums[kind] + gauge[kind];
  }
  out.limit = gauge.limit();
  out.level = gauge.level();
  return out;
}

std::string render_metrics(const broker_figures& f) {
  exposition out;
  out.family("godwit_build_info", type::gauge, "Always 1; the version is the label.");
  out.sample(std::uint64_t{1}, {{"version", f.version}});
  out.single("godwit_shards", type::gauge, "Threads that serve clients.", std::uint64_t{f.shards});
  add_counters(out, f);
  add_logins(out, f.sums);
  out.durations("godwit_publish_acknowledgement_seconds",
                "From the turn that read a publish of QoS 1 or 2 to the one that acknowledged it.",
                f.acknowledgement_times);
  add_shards(out, f);
  if (f.store) add_store(out, *f.store);
  add_memory(out, f.memory);
  add_process(out, f.process);
  return std::move(out).take();
}

}  // namespace godwit::admin
