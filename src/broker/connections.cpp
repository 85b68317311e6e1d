#include "engine.hpp"

#include <godwit/base/wipe.hpp>

#include <algorithm>
#include <limits>

namespace godwit::broker {

namespace {

/// How long a connection that is being closed may take to accept its last output.
constexpr std::chrono::seconds closing_timeout{5};
/// Input of a paused connection above which reading more of it serves nothing.
constexpr std::size_t paused_input_max = 65'536;
/// A paused connection is read once so often, for its acknowledgements and pings.
constexpr std::chrono::milliseconds paused_read_interval{100};

/// The client id that a refused CONNECT named, if it can be read.
std::string_view asked_name(const connection& c) {
  const bool is_apart = c.v5 && c.v5->login && !c.v5->login->connect.empty();
  const base::bytes_view input = is_apart ? c.v5->login->connect : c.input;
  const auto f = mqtt::next_frame(input, c.version, mqtt::frame_source::client_before_connect,
                                  std::numeric_limits<std::uint32_t>::max());
  if (!f || !*f || (**f).type != mqtt::packet_type::connect) return {};
  const auto p = mqtt::decode_connect(**f);
  return p ? p->client_id : std::string_view{};
}

/// Another protocol than MQTT, by its first bytes; nothing when it may be MQTT. No CONNECT begins
/// like one of these.
const char* foreign_protocol(base::bytes_view bytes) noexcept {
  const std::string_view text = base::as_text(bytes);
  if (text.starts_with("\x16\x03"))
    return "a TLS handshake, but the listener has no tls.certificate";
  if (text.starts_with("GET ") || text.starts_with("POST ")) {
    return "an HTTP request, but the listener has no websocket.path";
  }
  if (text.starts_with("PROXY ") || text.starts_with("\r\n\r\n")) {
    return "a PROXY header, but the listener has no proxy_protocol.from";
  }
  return nullptr;
}

/// A buffer with a part of a CONNECT, which may hold a password, leaves no copy behind as it grows.
void append_input(connection& c, base::bytes_view more) {
  const std::size_t size = c.input.size() + more.size();
  if (c.at != phase::live && size > c.input.capacity()) {
    base::bytes larger;
    larger.reserve(std::max(size, 2 * c.input.capacity()));
    larger.assign(c.input.begin(), c.input.end());
    base::wipe(c.input);
    c.input = std::move(larger);
  }
  c.input.insert(c.input.end(), more.begin(), more.end());
}

}  // namespace

connection_token shard_engine::open(transport_id id, peer_info peer) {
  const connection_handle h = connections_.emplace();
  connection& c = connections_.at(h);
  c.transport = id;
  c.peer = std::move(peer);
  c.last_packet = now.steady;
  c.last_progress = now.steady;
  c.deadline = arm(now.steady + options.limits.connect_timeout, timer_kind::connection_deadline,
                   h.index, h.generation);
  ports.counters.add(observe::counter::connections_opened);
  if (is_stopping_ || is_draining_) {
    doom(h, {session::close_cause::server_stopping, {}});
  } else if (options.connections_max != 0 && connections_.size() > options.connections_max) {
    doom(h, {session::close_cause::resources,
             {mqtt::reason_code::quota_exceeded, "", "connections_max is reached"}});
  }
  return token_of(h);
}

connection* shard_engine::find(connection_token token) noexcept {
  return connections_.find(handle_of(token));
}

void shard_engine::on_bytes(connection_token token, base::bytes_view bytes) {
  const connection_handle h = handle_of(token);
  connection* c = connections_.find(h);
  if (c == nullptr || c->at == phase::closing || c->is_doomed) return;
  ports.counters.add(observe::counter::bytes_received, bytes.size());
  if (!c->input.empty()) {
    append_input(*c, bytes);
    resume_input(h);
    return;
  }
  const std::size_t used = consume(h, bytes);
  c = connections_.find(h);
  if (c == nullptr) return;
  if (used < bytes.size() && c->at != phase::closing && !c->is_doomed) {
    const auto rest = bytes.subspan(used);
    c->input.assign(rest.begin(), rest.end());
  }
  if (c->at == phase::authenticating && !c->who) start_authentication(h);
}

/// Goes on with input that is kept: after a wait, or when more of it came.
void shard_engine::resume_input(connection_handle h) {
  connection* c = connections_.find(h);
  if (c == nullptr || c->at == phase::closing || c->is_doomed) return;
  if (!c->input.empty()) {
    base::bytes input = std::exchange(c->input, {});
    const std::size_t used = consume(h, input);
    c = connections_.find(h);
    if (c == nullptr || c->at == phase::closing || c->is_doomed) {
      base::wipe(input);  // perhaps a second CONNECT, with a password
      return;
    }
    if (used < input.size()) {
      input.erase(input.begin(), input.begin() + static_cast<std::ptrdiff_t>(used));
      c->input = std::move(input);
    }
  } else if (c->at == phase::live) {
    update_reading(h, *c);
  }
  if (c->at == phase::authenticating && !c->who) {
    start_authentication(h);
    return;
  }
  const bool waits = is_held_back(*c) || c->is_slowed() || c->is_backlog_listed ||
                     c->at == phase::authenticating || c->at == phase::accepting;
  if (c->at_end_of_input && !waits) doom(h, {session::close_cause::client_closed, {}});
}

/// Handles the complete packets at the head of `bytes`; returns how many bytes they had. Stops
/// where a packet is incomplete or cannot be handled yet.
std::size_t shard_engine::consume(connection_handle h, base::bytes_view bytes) {
  std::size_t used = 0;
  connections_.at(h).is_input_stuck = false;
  while (used < bytes.size()) {
    connection& c = connections_.at(h);
    if (c.at == phase::authenticating || c.at == phase::accepting) break;
    const bool is_new = c.at == phase::awaiting_connect;
    if (const char* const other = is_new ? foreign_protocol(bytes) : nullptr) {
      fail(h, {mqtt::reason_code::malformed_packet, "v311 MQTT-3.1.0-1", other});
      break;
    }
    const bool is_known = !is_new && c.at != phase::exchanging;
    const auto found = mqtt::next_frame(
        bytes.subspan(used), c.version,
        is_new ? mqtt::frame_source::client_before_connect : mqtt::frame_source::client,
        is_known ? options.limits.packet_bytes_max : options.limits.connect_bytes_max);
    if (!found) {
      fail(h, found.error());
      break;
    }
    if (!*found) break;
    if (budget_ == 0) {
      list_for_input(h, c);
      break;
    }
    --budget_;
    const handled how = handle(h, c, **found);
    if (how == handled::not_yet) {
      c.is_input_stuck = true;
      break;
    }
    used += (*found)->size;
    if (how == handled::ended) break;
  }
  connection* const c = connections_.find(h);
  if (c != nullptr && c->at != phase::authenticating) update_reading(h, *c);
  return used;
}

shard_engine::handled shard_engine::handle(connection_handle h, connection& c,
                                           const mqtt::frame& f) {
  if (c.at == phase::awaiting_connect) {
    c.at = phase::authenticating;  // the CONNECT stays where it is until its sender is known
    return handled::not_yet;
  }
  if (is_held_back(c)) {
    const bool passes =
        f.type == mqtt::packet_type::puback || f.type == mqtt::packet_type::pubrec ||
        f.type == mqtt::packet_type::pubcomp || f.type == mqtt::packet_type::pingreq;
    if (!passes) return handled::not_yet;
  }
  if (f.type == mqtt::packet_type::publish && (c.is_slowed() || waits_for_memory(h, c))) {
    return handled::not_yet;
  }
  c.last_packet = now.steady;
  if (!c.request) ports.counters.add_packet_received(static_cast<std::size_t>(f.type));
  if (c.at == phase::exchanging) return on_login_packet(h, c, f);
  switch (f.type) {
    case mqtt::packet_type::publish:
      if (options.limits.publishes_per_second_max != 0 ||
          options.limits.publish_bytes_per_second_max != 0) {
        charge_publish(h, c, f.size);
      }
      return on_publish(h, c, f);
    case mqtt::packet_type::puback:
    case mqtt::packet_type::pubrec:
    case mqtt::packet_type::pubrel:
    case mqtt::packet_type::pubcomp:
      return on_ack(h, c, f);
    case mqtt::packet_type::subscribe:
      return on_subscribe(h, c, f);
    case mqtt::packet_type::unsubscribe:
      return on_unsubscribe(h, c, f);
    case mqtt::packet_type::pingreq:
      if (const auto ping = mqtt::decode(f, c.version); !ping) {
        fail(h, ping.error());
        return handled::ended;
      }
      mqtt::encode(mqtt::pingresp_view{}, output(h, c).bytes());
      count_sent(mqtt::packet_type::pingresp);
      return handled::yes;
    case mqtt::packet_type::disconnect:
      return on_disconnect(h, c, f);
    case mqtt::packet_type::connect:
      fail(h, {mqtt::reason_code::protocol_error, "v311 MQTT-3.1.0-2", "a second CONNECT"});
      return handled::ended;
    case mqtt::packet_type::connack:
    case mqtt::packet_type::suback:
    case mqtt::packet_type::unsuback:
    case mqtt::packet_type::pingresp:
      break;
    case mqtt::packet_type::auth:
      return on_auth(h, c, f);
  }
  fail(h, {mqtt::reason_code::protocol_error, "v311 MQTT-4.8.0-1", "a packet only servers send"});
  return handled::ended;
}

void shard_engine::fail(connection_handle h, const mqtt::protocol_error& error) {
  // The CONNECT has no answer yet. [v5 MQTT-4.12.0-4]
  if (connections_.at(h).at == phase::exchanging) {
    refuse(h, error);
    return;
  }
  if (error.code == mqtt::reason_code::quota_exceeded) {  // it keeps the rules, but not ours
    doom(h, {session::close_cause::resources, error});
    return;
  }
  if (error.code != mqtt::reason_code::packet_too_large) {
    doom(h, {session::close_cause::protocol_error, error});
    return;
  }
  const bool is_new = connections_.at(h).at == phase::awaiting_connect;
  doom(h, {session::close_cause::packet_too_large,
           {error.code, error.clause,
            is_new ? "a CONNECT above connection.connect_bytes_max"
                   : "a packet above connection.packet_bytes_max"}});
}

/// The connection will end with this reason, the first one wins; no further input of it is handled.
void shard_engine::doom(connection_handle h, session::close_reason reason) {
  connection* const c = connections_.find(h);
  if (c == nullptr || c->is_doomed || c->at == phase::closing) return;
  c->is_doomed = true;
  doomed_.push_back({h, reason});
}

void shard_engine::bury_doomed() {
  while (!doomed_.empty()) {
    const auto batch = std::exchange(doomed_, {});
    for (const doomed& d : batch) end_connection(d.connection, d.reason);
  }
}

void shard_engine::end_connection(connection_handle h, const session::close_reason& reason) {
  connection* const c = connections_.find(h);
  if (c == nullptr || c->at == phase::closing) return;
  session_slot* const s = find(c->session);
  log_close(*c, s, reason);
  ports.counters.add_close(static_cast<std::size_t>(reason.cause));
  if (s != nullptr) {
    note_client(
        {s->client_id, history_entry::kind::ended, reason.cause, now.wall, c->peer.address});
  }
  say_goodbye(h, *c, reason);
  base::wipe(c->input);
  c->at = phase::closing;
  c->input = base::bytes{};
  release_parked(h, *c, reason);
  if (c->request) erase_pending(std::exchange(c->request, nullptr)->pending);
  timers_.cancel(c->deadline);
  timers_.cancel(c->retry);
  if (c->pace) timers_.cancel(c->pace->due);
  if (s != nullptr) {
    const session_handle its = std::exchange(c->session, {});
    detach(its, *s, reason);
  }
  if (c->has_transport && unsent(*c) != 0) {
    c->deadline =
        arm(now.steady + closing_timeout, timer_kind::connection_deadline, h.index, h.generation);
    static_cast<void>(output(h, *c));  // so that it is flushed, and forgotten then
    return;
  }
  forget(h);
}

void shard_engine::forget(connection_handle h) {
  connection& c = connections_.at(h);
  timers_.cancel(c.deadline);
  timers_.cancel(c.retry);
  if (c.has_transport) ports.connections.close(c.transport);
  ports.counters.add(observe::counter::connections_closed);
  connections_.erase(h);
}

void shard_engine::on_closed(connection_token token, transport_end how) {
  const connection_handle h = handle_of(token);
  connection* const c = connections_.find(h);
  if (c == nullptr) return;
  c->has_transport = false;
  c->output.reset();
  if (c->at == phase::closing) {
    forget(h);
    return;
  }
  if (how == transport_end::lost) {
    doom(h, {session::close_cause::connection_lost, {}});
    return;
  }
  // What came before the end still counts, even if it could not be handled yet.
  c->at_end_of_input = true;
  resume_input(h);
}

/// Must what makes another answer wait? Then only acknowledgements and pings are handled.
bool shard_engine::is_held_back(const connection& c) const noexcept {
  if (c.parked || c.answers.size() >= options.limits.unanswered_publishes_max) return true;
  const session_slot* const s = sessions_.find(c.session);
  if (s == nullptr || !s->extras) return false;
  if (c.has_transport && has_many_replays(*s)) return true;  // who has gone need not wait for them
  return s->extras->late_publishes != 0 && !GODWIT_SEEDED_BUG(late_publish_overtaken);
}

/// Reading follows from the connection's state, so that no path can forget to turn it on again.
void shard_engine::update_reading(connection_handle h, connection& c) {
  if (c.at == phase::closing || c.is_doomed) return;
  const bool wanted = !is_held_back(c) && !c.is_slowed() && !c.is_backlog_listed &&
                      c.at != phase::authenticating && c.at != phase::accepting;
  if (wanted && c.at_end_of_input && c.input.empty()) {
    doom(h, {session::close_cause::client_closed, {}});
    return;
  }
  if (wanted == c.is_reading) return;
  if (wanted && !c.input.empty()) {
    list_for_input(h, c);  // what was kept comes first
    return;
  }
  c.is_reading = wanted;
  // A paused client's silence is ours, so its keep alive starts anew.
  c.last_packet = now.steady;
  if (!c.has_transport) return;
  ports.connections.set_reading(c.transport, wanted);
  if (!wanted && c.at == phase::live && !c.is_paused_read_timed) {
    c.is_paused_read_timed = true;
    arm(now.steady + paused_read_interval, timer_kind::paused_read, h.index, h.generation);
  }
}

/// What held its input up may be gone.
void shard_engine::go_on_reading(connection_handle h, connection& c) {
  update_reading(h, c);
  if (c.at_end_of_input && !is_held_back(c)) list_for_input(h, c);
}

void shard_engine::list_for_input(connection_handle h, connection& c) {
  if (c.is_backlog_listed) return;
  c.is_backlog_listed = true;
  backlog_.add(h);
}

void shard_engine::on_paused_read(connection_handle h) {
  connection* const c = connections_.find(h);
  if (c == nullptr) return;
  c->is_paused_read_timed = false;
  if (c->is_reading || !c->has_transport || c->at != phase::live) return;
  // Behind a packet that must wait nothing is handled, so there is no use in having more of it.
  if (!c->is_input_stuck && c->input.size() < paused_input_max) {
    ports.connections.read_once(c->transport);
  }
  c->is_paused_read_timed = true;
  arm(now.steady + paused_read_interval, timer_kind::paused_read, h.index, h.generation);
}

void shard_engine::log_close(const connection& c, const session_slot* s,
                             const session::close_reason& reason) {
  const std::string_view client = s != nullptr ? std::string_view{s->client_id} : asked_name(c);
  const auto cause = session::name(reason.cause);
  if (reason.error.what[0] != '\0') {
    log(observe::log_level::info, "client.disconnected",
        {{"client", client},
         {"peer", c.peer.address},
         {"reason", std::string_view{cause}},
         {"what", std::string_view{reason.error.what}},
         {"rule", std::string_view{reason.error.clause}}});
  } else {
    log(observe::log_level::info, "client.disconnected",
        {{"client", client}, {"peer", c.peer.address}, {"reason", std::string_view{cause}}});
  }
}

}  // namespace godwit::broker
