#include "schema.hpp"

#include "address.hpp"
#include "expiry_rules.hpp"
#include "make_key.hpp"

#include <algorithm>

namespace godwit::config {

namespace {

using session::limits;
using shard = broker::shard_options;

constexpr std::uint64_t kib = 1024;
constexpr std::uint64_t mib = 1024 * kib;
constexpr std::uint64_t gib = 1024 * mib;
constexpr std::uint64_t tib = 1024 * gib;
constexpr std::uint64_t second = 1'000;
constexpr std::uint64_t minute = 60 * second;
constexpr std::uint64_t hour = 60 * minute;
constexpr std::uint64_t day = 24 * hour;
constexpr std::uint64_t year = 365 * day;
constexpr std::uint64_t any16 = 65'535;
constexpr std::uint64_t any32 = 4'294'967'295;
/// The largest MQTT packet: a fixed header of 5 bytes and a Remaining Length of 268,435,455.
constexpr std::uint64_t packet_bytes = 268'435'460;

template <class Kind, class T>
key<configuration> limit(std::string_view path, Kind kind, T limits::*member,
                         std::string_view doc) {
  return make<configuration>(
      path, kind, [member](configuration& c) -> T& { return c.broker.limits.*member; }, doc);
}
template <class Kind, class T>
key<configuration> tuning(std::string_view path, Kind kind, T shard::*member,
                          std::string_view doc) {
  return make<configuration>(
      path, kind, [member](configuration& c) -> T& { return c.broker.*member; }, doc);
}
template <class Kind, class T>
key<configuration> network(std::string_view path, Kind kind, T net::tuning::*member,
                           std::string_view doc) {
  return make<configuration>(
      path, kind, [member](configuration& c) -> T& { return c.net.*member; }, doc);
}
template <class Kind, class T>
key<configuration> whole(std::string_view path, Kind kind, T configuration::*member,
                         std::string_view doc) {
  return make<configuration>(
      path, kind, [member](configuration& c) -> T& { return c.*member; }, doc);
}
template <class Kind, class T>
key<configuration> logging(std::string_view path, Kind kind, T observe::log_options::*member,
                           std::string_view doc) {
  return make<configuration>(
      path, kind, [member](configuration& c) -> T& { return c.log.*member; }, doc);
}
template <class Kind, class T>
key<configuration> stored(std::string_view path, Kind kind, T store_settings::*member,
                          std::string_view doc) {
  return make<configuration>(
      path, kind, [member](configuration& c) -> T& { return c.store.*member; }, doc);
}
template <class Kind, class T>
key<configuration> watched(std::string_view path, Kind kind, T admin::http_options::*member,
                           std::string_view doc) {
  return make<configuration>(
      path, kind, [member](configuration& c) -> T& { return c.http.*member; }, doc);
}
choice<session::denied_reaction> reaction() {
  using session::denied_reaction;
  return {
      {{"acknowledge", denied_reaction::acknowledge}, {"disconnect", denied_reaction::disconnect}}};
}
choice<session::overflow_policy> overflow() {
  using session::overflow_policy;
  return {{{"drop-oldest", overflow_policy::drop_oldest},
           {"drop-newest", overflow_policy::drop_newest},
           {"disconnect", overflow_policy::disconnect}}};
}
choice<session::takeover_will> takeover() {
  using session::takeover_will;
  return {{{"send", takeover_will::send}, {"suppress", takeover_will::suppress}}};
}
choice<session::share_policy> sharing() {
  using session::share_policy;
  return {{{"round-robin", share_policy::round_robin},
           {"least-in-flight", share_policy::least_in_flight}}};
}
choice<session::overrun_reaction> overrun() {
  using session::overrun_reaction;
  return {{{"disconnect", overrun_reaction::disconnect}, {"tolerate", overrun_reaction::tolerate}}};
}
choice<mqtt::qos> quality() {
  using mqtt::qos;
  return {{{"2", qos::exactly_once}, {"1", qos::at_least_once}, {"0", qos::at_most_once}}};
}
choice<persistence> kept() {
  return {{{"disk", persistence::disk}, {"none", persistence::none}}};
}
choice<acknowledge> acknowledged() {
  return {{{"durable", acknowledge::durable}, {"received", acknowledge::received}}};
}
choice<observe::log_level> level() {
  using observe::log_level;
  return {{{"error", log_level::error},
           {"warn", log_level::warn},
           {"info", log_level::info},
           {"debug", log_level::debug}}};
}
choice<observe::log_format> format() {
  return {{{"text", observe::log_format::text}, {"json", observe::log_format::json}}};
}

}  // namespace

std::vector<key<configuration>> broker_keys() {
  std::vector<key<configuration>> keys{
      whole("include", text_or_word{"none", "a directory"}, &configuration::include,
            "Beside this file, or a full path: its *.yaml and *.yml are read, too, by name."),
      at_start(whole("shards", count_or_word{{1, 64, "auto"}, "auto"}, &configuration::shards,
                     "Threads that serve clients; auto is one per core.")),
      whole("connections_max", count{{1, any32, "none"}}, &configuration::connections_max,
            "Connections of the broker at the same time; each shard takes its part of them."),
      whole("memory_limit", size_or_word{{32 * mib, 64 * tib, "auto"}, "auto"},
            &configuration::memory_limit,
            "Memory of the process, near which it takes in less; auto is three quarters of the "
            "machine's, or the control group's."),
      at_start(whole("core_files", truth{}, &configuration::core_files,
                     "Whether a crash may leave a core file, which holds messages and keys.")),

      limit("connection.connect_timeout", duration{{1, hour}}, &limits::connect_timeout,
            "From the TCP accept, or the end of the handshake, to a complete CONNECT."),
      network("connection.handshake_timeout", duration{{1, hour}}, &net::tuning::handshake_timeout,
              "From the TCP accept to the end of what comes before MQTT: PROXY, TLS, WebSocket."),
      network("connection.handshakes_max", count{{1, 1'000'000}}, &net::tuning::handshakes_max,
              "Such connections per shard at the same time; the oldest gives way to a new one."),
      limit("connection.connect_bytes_max", size{{64, packet_bytes}}, &limits::connect_bytes_max,
            "The whole CONNECT packet; a larger will needs more."),
      limit("connection.client_id_bytes_max", count{{23, any16}}, &limits::client_id_bytes_max,
            "Client ids in bytes; a longer one is refused with code 2."),
      limit("connection.keep_alive_max", duration{{second, any16 * second, "off"}},
            &limits::keep_alive_max_s,
            "Who asks for more, or for none, gets this (5.0) or is refused with code 3 (3.x)."),
      at_start(limit("connection.packet_bytes_max", size{{64, packet_bytes}},
                     &limits::packet_bytes_max, "One whole packet from a client.")),
      limit("connection.topic_bytes_max", count{{1, any16}}, &limits::topic_bytes_max,
            "Topic names and filters in bytes."),
      limit("connection.topic_levels_max", count{{1, any16}}, &limits::topic_levels_max,
            "Levels of a topic name or filter, empty ones included."),
      limit("connection.user_properties_max", count{{1, any32, "no limit"}},
            &limits::user_properties_max, "User properties of one packet of a 5.0 client."),
      limit("connection.publishes_per_second_max", count{{1, 1'000'000, "no limit"}},
            &limits::publishes_per_second_max,
            "Messages per second of one client; who publishes faster is read more slowly."),
      limit("connection.publish_bytes_per_second_max", size{{kib, tib, "no limit"}},
            &limits::publish_bytes_per_second_max,
            "The same for the bytes of its PUBLISH packets."),
      limit("connection.output_bytes_max", size{{kib, gib}}, &limits::output_bytes_max,
            "Unsent bytes of one connection, above which QoS 0 is dropped for it."),
      limit("connection.unanswered_publishes_max", count{{1, any16}},
            &limits::unanswered_publishes_max,
            "QoS 1 and 2 messages of one client that are not answered yet."),
      at_start(limit("connection.receive_maximum", count{{1, any16}}, &limits::receive_maximum,
                     "QoS 1 and 2 messages of a 5.0 client whose handshakes are open.")),
      at_start(limit("connection.topic_alias_max", count{{1, any16, "none"}},
                     &limits::topic_alias_max,
                     "Topic aliases that a 5.0 client may use; each holds one topic.")),
      limit("connection.topic_alias_outgoing_max", count{{1, any16, "none"}},
            &limits::topic_alias_outgoing_max,
            "Topic aliases used towards a 5.0 client that allows them."),
      limit("connection.stalled_reader_timeout", duration{{second, day, "off"}},
            &limits::stalled_reader_timeout,
            "A client that takes no byte for so long, with output waiting, is closed."),
      at_start(network(
          "connection.unacknowledged_max", duration{{second, day, "the system's"}},
          &net::tuning::unacknowledged_max,
          "A client whose TCP acknowledges nothing for so long, with output waiting, is closed.")),
      network("connection.linger_max", duration{{1, hour}}, &net::tuning::linger_max,
              "How long a client that the broker closed may take to close its side."),
      limit("session.expiry", duration{{second, 100 * year, "never"}}, &limits::session_expiry,
            "How long a session is kept after its connection ended; 5.0 clients may ask for less."),
      limit("session.subscriptions_max", count{{1, any32}}, &limits::subscriptions_max,
            "Subscriptions of one session."),
      limit("session.inflight_max", count{{1, any16}}, &limits::inflight_max,
            "QoS 1 and 2 messages on their way to one client, not yet acknowledged."),
      limit("session.owner_check", truth{}, &limits::session_owner_check,
            "Whether a session can be taken over only by the user that made it."),
      limit("session.takeovers_max", count{{1, 1'000'000, "no limit"}}, &limits::takeovers_max,
            "How often one client id may be taken over within session.takeover_window."),
      limit("session.takeover_window", duration{{second, day}}, &limits::takeover_window,
            "After that many times, who holds the client id keeps it until so long has passed."),
      limit("session.queue.bytes_max", size{{kib, 64 * tib, "none"}}, &limits::queue_bytes_max,
            "Topics and payloads that wait for one session."),
      limit("session.queue.count_max", count{{1, any32, "none"}}, &limits::queue_count_max,
            "Messages that wait for one session."),
      limit("session.queue.age_max", duration{{second, 100 * year, "none"}}, &limits::queue_age_max,
            "How long a message waits for one session."),
      limit("session.queue.overflow", overflow(), &limits::queue_overflow,
            "What happens at the limits of bytes and count."),
      limit("session.slow_subscriber.high_water", size{{kib, 64 * tib}},
            &limits::slow_high_water_bytes,
            "Above it a connected subscriber that makes progress slows its publishers."),
      limit("session.slow_subscriber.hold_max", duration{{0, hour}}, &limits::slow_hold_max,
            "How long one subscriber may hold a publisher up."),
      limit("session.share_selection", sharing(), &limits::share_selection,
            "Which member of a shared group gets a message."),
      limit("session.share_handover_after", duration{{1, 30 * day, "when its session ends"}},
            &limits::share_handover_after,
            "When messages of an absent member of a shared group go to another."),

      limit("retained.count_max", count{{1, any32, "no limit"}}, &limits::retained_count_max,
            "Retained messages of the broker; there is no room for further topics then."),
      limit("retained.bytes_max", size{{kib, 64 * tib, "no limit"}}, &limits::retained_bytes_max,
            "Bytes of their topics and payloads."),
      limit("retained.check_publisher", truth{}, &limits::retained_check_publisher,
            "Whether one is withheld while its publisher may not retain it any more."),

      at_start(limit("users.retained_bytes_max", size{{kib, 64 * tib, "no limit"}},
                     &limits::user_retained_bytes_max,
                     "Bytes that are retained in the name of one user.")),
      at_start(limit(
          "users.queued_bytes_max", size{{kib, 64 * tib, "no limit"}},
          &limits::user_queued_bytes_max,
          "Bytes that wait in all sessions of one user; they are added up about once a second.")),

      limit("protocol.denied_publish", reaction(), &limits::denied_publish,
            "What a 3.1.1 client gets for a message that it may not publish."),
      limit("protocol.will_on_takeover", takeover(), &limits::will_on_takeover,
            "The will of a 3.x connection that the same client id takes over."),
      at_start(limit("protocol.will_grace_after_restart", duration{{0, day}},
                     &limits::will_grace_after_restart,
                     "Wills found at a start wait so long for their clients.")),
      at_start(limit("protocol.maximum_qos", quality(), &limits::maximum_qos,
                     "Highest QoS of messages from clients and of granted subscriptions.")),
      at_start(limit("protocol.retain_available", truth{}, &limits::retain_available,
                     "Whether clients may publish retained messages.")),
      at_start(limit("protocol.wildcards_available", truth{}, &limits::wildcards_available,
                     "Whether filters may have wildcards.")),
      at_start(limit("protocol.shared_available", truth{}, &limits::shared_available,
                     "Whether there are shared subscriptions.")),
      at_start(limit("protocol.subscription_identifiers_available", truth{},
                     &limits::subscription_identifiers_available,
                     "Whether 5.0 clients may give their subscriptions identifiers.")),
      limit("protocol.payload_format_check", truth{}, &limits::payload_format_check,
            "Whether a 5.0 payload that says it is UTF-8 must be."),
      limit("protocol.message_expiry", expiry_rules{}, &limits::message_expiry,
            "How long messages of these topics live that do not say so themselves."),
      limit("protocol.receive_maximum_overrun", overrun(), &limits::receive_maximum_overrun,
            "What a 5.0 client gets for more than connection.receive_maximum."),
      limit("protocol.response_information", text_or_word{"none", "a text", "1 to 256 bytes"},
            &limits::response_information,
            "What 5.0 clients get that ask for it; %c stands for the client id."),
      limit("protocol.mqtt31.client_id_chars_max", count{{1, any16, "off"}},
            &limits::mqtt31_client_id_chars_max,
            "Longest client id of MQTT 3.1 in characters; the standard says 23."),
      limit("protocol.mqtt31.denied_subscribe", reaction(), &limits::mqtt31_denied_subscribe,
            "What a 3.1 client gets for a filter that it may not subscribe to."),
      limit("protocol.mqtt31.denied_publish", reaction(), &limits::mqtt31_denied_publish,
            "What a 3.1 client gets for a message that it may not publish."),
      limit("protocol.mqtt31.retry.first", duration{{second, hour, "off"}},
            &limits::mqtt31_retry_first,
            "When an unacknowledged message is sent again on a live 3.1 connection."),
      limit("protocol.mqtt31.retry.factor", factor{1, 100}, &limits::mqtt31_retry_factor,
            "How much longer each further wait is."),
      limit("protocol.mqtt31.retry.count", count{{1, any16}}, &limits::mqtt31_retry_count,
            "How often a message is sent again."),

      at_start(
          stored("store.persistence", kept(), &store_settings::kept,
                 "Whether sessions, their messages and retained messages outlive the process.")),
      at_start(stored("store.ack", acknowledged(), &store_settings::ack,
                      "What an acknowledgement says: the disk has it, or only the broker.")),
      at_start(stored("store.directory", path_or_word{"auto", "a directory"},
                      &store_settings::directory,
                      "Where they are kept; auto is the service's state directory or the user's.")),
      at_start(stored(
          "store.low_disk", size_or_word{{mib, 64 * tib, "auto"}, "auto"},
          &store_settings::low_disk_bytes,
          "With less space left nothing new is taken in; auto is 5 % of the disk, 1 GiB at most.")),
      limit("store.low_disk_hold", duration{{1, hour}}, &limits::low_disk_hold,
            "How long a client's message waits for disk space before its connection is closed."),
      at_start(stored("store.waiting_bytes_max", size{{kib, gib}},
                      &store_settings::waiting_bytes_max,
                      "What waits for the disk before publishers have to wait.")),
      stored("store.queue_memory", size{{mib, 64 * tib, "no limit"}}, &store_settings::queue_memory,
             "QoS 1 and 2 messages kept in memory for connected clients; the others lie on disk."),

      tuning("sys.interval", duration{{second, day, "off"}}, &shard::sys_interval,
             "How often $SYS/broker/... is published."),
      tuning("sys.client_events", truth{}, &shard::client_events,
             "Whether $SYS/broker/godwit/clients/connected and .../disconnected are published."),

      tuning("tuning.turn_packets_max", count{{1, 1'000'000}}, &shard::turn_packets_max,
             "Packets and copies handled before output is flushed."),
      at_start(tuning("tuning.mail_credit", count{{1, 1'000'000}}, &shard::mail_credit,
                      "Unanswered mails of one class from one shard to another.")),
      at_start(tuning("tuning.topic_cache_entries", count{{1, 100'000'000}},
                      &shard::topic_cache_entries,
                      "Topics of which a shard remembers the subscribers.")),
      tuning("tuning.retained_page_messages", count{{1, 1'000'000}}, &shard::retained_page_messages,
             "Retained messages that shards send at a time."),
      tuning("tuning.retained_page_bytes", size{{kib, gib}}, &shard::retained_page_bytes,
             "Bytes of retained messages that shards send at a time."),
      at_start(network(
          "tuning.read_bytes_max", size{{4 * kib, 64 * mib}}, &net::tuning::read_bytes_max,
          "Bytes read from one connection per turn; each shard has one buffer of this size.")),
      network("tuning.events_per_turn", count{{1, 1'000'000}}, &net::tuning::events_per_turn,
              "Ready connections that are served before output is flushed."),
      network("tuning.mail_per_turn", count{{1, 1'000'000}}, &net::tuning::mail_per_turn,
              "Batches of mail from other shards that are taken in one turn."),
      network("tuning.accepts_per_turn", count{{1, 1'000'000}}, &net::tuning::accepts_per_turn,
              "Connections accepted in a row by one listener."),
      network(
          "tuning.handshakes_per_turn", count{{1, 1'000'000}}, &net::tuning::handshakes_per_turn,
          "Steps of TLS handshakes that a shard takes before it looks after its other clients."),
      network("tuning.accept_pause", duration{{1, minute}}, &net::tuning::accept_pause,
              "How long a listener rests when files or memory run out."),
      network("tuning.lingering_max", count{{1, any32}}, &net::tuning::lingering_max,
              "Closed connections per shard that wait for the client's side; the oldest go first."),
      at_start(network(
          "tuning.files_reserved", count{{0, 65'536}}, &net::tuning::files_reserved,
          "Open files kept free for the broker itself; no connection gets one of the last.")),
      network("tuning.stop_max", duration{{1, hour}}, &net::tuning::stop_max,
              "A graceful stop ends after this at the latest."),

      at_start(watched(
          "http.port", count{{1, any16, "none"}}, &admin::http_options::port,
          "Where the status page, /metrics, /healthz and /readyz are served; none is nowhere.")),
      at_start(watched("http.bind",
                       free_text{"an IP address", "such as 127.0.0.1 or \"::1\"", is_ip_address},
                       &admin::http_options::bind,
                       "The address to serve them on; nobody is asked for a password there.")),

      at_start(make<configuration>(
          "control.socket", path_or_word{"auto", "a socket"},
          [](configuration& c) -> std::string& { return c.control.path; },
          "The Unix socket for godwitctl; auto is control in the store's directory.")),
      tuning("control.history", count{{1, 100'000, "none"}}, &shard::history_entries,
             "Connects and disconnects that each shard remembers for godwitctl clients show."),

      logging("log.level", level(), &observe::log_options::level, "The least that is logged."),
      at_start(logging("log.format", format(), &observe::log_options::format,
                       "Lines for people, or one JSON object a line.")),
      at_start(logging("log.destination", path_or_word{"stderr", "a file"},
                       &observe::log_options::file,
                       "Where the log goes; SIGHUP opens a file again, as rotation needs it.")),
  };
  const auto sessions = std::ranges::find(keys, "session.expiry", &key<configuration>::path);
  auto logins = login_keys();
  keys.insert(sessions, std::make_move_iterator(logins.begin()),
              std::make_move_iterator(logins.end()));
  return keys;
}

std::vector<section> sections() {
  return {
      {"listeners", "Where clients connect."},
      {"connection", "What one connection may do and cost."},
      {"authentication", "Who clients are; docs/security.md explains it."},
      {"authentication.jwt", "Passwords that are JSON Web Tokens."},
      {"authentication.http", "A service that is asked about users who are not in the file."},
      {"authorization", "What clients may do."},
      {"session", "What one session may hold, and for how long."},
      {"session.queue", "Messages that wait for a session, queued or offline."},
      {"session.slow_subscriber", "When a subscriber reads more slowly than others publish."},
      {"retained", "Retained messages of the whole broker."},
      {"users", "What one user may have, by name; anonymous clients are not limited."},
      {"store", "What is kept, and what happens when its disk is low."},
      {"protocol", "Choices that the MQTT standards leave open."},
      {"protocol.mqtt31", "For clients of MQTT 3.1 only."},
      {"protocol.mqtt31.retry", "Sending again on a live connection, as MQTT 3.1 allows."},
      {"sys", "The broker's own topics."},
      {"tuning", "Sizes of the broker's insides; the defaults fit."},
      {"http", "For Prometheus and for supervisors."},
      {"control", "For operators on this machine."},
      {"log", "What the broker says."},
  };
}

std::string_view leaf(std::string_view path) noexcept {
  return path.substr(path.rfind('.') + 1);
}

std::string_view parent(std::string_view path) noexcept {
  const auto dot = path.rfind('.');
  return dot == std::string_view::npos ? std::string_view{} : path.substr(0, dot);
}

}  // namespace godwit::config
