#include "connect_rules.hpp"
#include "counting.hpp"
#include "engine.hpp"

#include <godwit/base/wipe.hpp>
#include <godwit/mqtt/utf8.hpp>
#include <godwit/mqtt/version_name.hpp>

#include <limits>

namespace godwit::broker {

namespace {

/// Text as it goes on: MQTT 3.1 clients may write characters in the old Java form, which must not
/// reach others. [v31 M31-utf8-1]
std::string clean_text(std::string_view text) {
  return mqtt::needs_utf8_repair(text) ? mqtt::repair_utf8(text) : std::string{text};
}

mqtt::protocol_error refusal(mqtt::reason_code code, const char* clause, const char* what) {
  return {code, clause, what};
}

/// Whoever asked for it has it; here it is not needed any more.
void forget_password(connection& c, const mqtt::connect_view& p) noexcept {
  if (!p.password) return;
  const auto at = static_cast<std::size_t>(p.password->data() - c.input.data());
  base::wipe(std::span{c.input}.subspan(at, p.password->size()));
}

/// The CONNECT that lies complete at the head of `input`. It was measured when it came, by what was
/// allowed then.
mqtt::frame connect_in(const connection& c) {
  constexpr auto any_size = std::numeric_limits<std::uint32_t>::max();
  const auto f =
      mqtt::next_frame(c.input, c.version, mqtt::frame_source::client_before_connect, any_size);
  GODWIT_ASSERT(f && *f);
  return **f;
}

}  // namespace

/// The CONNECT lies complete at the head of `input`: judges it and asks who sent it.
void shard_engine::start_authentication(connection_handle h) {
  connection& c = connections_.at(h);
  if (c.v5 && c.v5->login && !c.v5->login->connect.empty()) {
    finish_exchange(h);
    return;
  }
  const mqtt::frame f = connect_in(c);
  const auto version = mqtt::connect_version(f);
  c.names_version = version.has_value();
  if (version) c.version = *version;
  ports.counters.add_packet_received(static_cast<std::size_t>(mqtt::packet_type::connect));
  if (version && c.peer.listener != nullptr &&
      !c.peer.listener->versions.load(std::memory_order_relaxed).has(*version)) {
    refuse(h, refusal(mqtt::reason_code::unsupported_protocol_version, "v311 MQTT-3.1.2-2",
                      "a version that the listener does not serve (versions)"));
    return;
  }
  const auto p = mqtt::decode_connect(f);
  if (!p) {
    refuse(h, p.error());
    return;
  }
  c.version = p->version;
  if (mqtt::policy_for(c.version).has_properties) c.v5 = std::make_unique<v5_link>(p->properties);
  if (const auto wrong = judge_connect(*p, options.limits)) {
    refuse(h, *wrong);
    return;
  }
  const std::string client_id = clean_text(p->client_id);
  std::optional<std::string> user_name;
  if (p->user_name) user_name = clean_text(*p->user_name);
  // The answer may come at once, inside this call, or when the connection is long gone.
  auth::credentials asked = credentials_of(c);
  asked.client_id = client_id;
  asked.user_name = user_name;
  asked.password = p->password;
  if (p->properties.authentication_method()) {
    start_exchange(h, asked, *p, f.size);
  } else {
    ports.authenticator.authenticate(asked, [this, h](auth::verdict v) {
      count_login(ports.counters, v);
      authenticated(h, std::move(v));
    });
  }
  if (connection* const still = connections_.find(h)) update_reading(h, *still);
}

void shard_engine::authenticated(connection_handle h, auth::verdict v) {
  connection* const c = connections_.find(h);
  if (c == nullptr || c->at != phase::authenticating || c->is_doomed) return;
  const mqtt::frame f = connect_in(*c);
  const auto p = mqtt::decode_connect(f);
  GODWIT_ASSERT(p.has_value());
  forget_password(*c, *p);
  if (v.code != mqtt::reason_code::success) {
    refuse(h, refusal(v.code, "v311 MQTT-3.2.2-5",
                      *v.why != '\0' ? v.why : "refused by authentication"));
    return;
  }
  const std::string client_id = p->client_id.empty() ? make_client_id() : clean_text(p->client_id);
  const routing::shard_id home = home_of(client_id, options.seed, options.shards);
  if (home != self) {
    if (!c->has_transport) {  // lost while its sender was being asked for
      doom(h, {session::close_cause::client_closed, {}});
      return;
    }
    // It goes with all its bytes; what follows the CONNECT is handled there.
    auto detached = ports.connections.detach(c->transport);
    timers_.cancel(c->deadline);
    if (detached) {
      mailbox_.post(home,
                    mail::connection{std::move(detached), std::move(c->peer), std::move(v.who),
                                     std::move(v.data), std::move(c->input), c->last_packet});
    }
    connections_.erase(h);
    return;
  }
  base::bytes input = std::move(c->input);  // what `p` points into
  const auto rest = base::bytes_view{input}.subspan(f.size);
  c->input.assign(rest.begin(), rest.end());
  c->last_packet = now.steady;
  if (!c->v5 && mqtt::policy_for(c->version).has_properties) {  // it has moved here
    c->v5 = std::make_unique<v5_link>(p->properties);
  }
  admit(h, *c, *p, client_id, std::move(v));
  base::wipe(input);  // it may have had a second CONNECT, with a password
}

/// A connection whose home is here, authenticated on the shard that accepted it.
void shard_engine::on_moved(mail::connection&& m) {
  const connection_handle h = connections_.emplace();
  connection& c = connections_.at(h);
  c.peer = std::move(m.peer);
  c.input = std::move(m.input);
  c.last_packet = m.opened;
  c.last_progress = now.steady;
  c.at = phase::authenticating;
  c.transport = ports.connections.attach(std::move(m.transport), token_of(h));
  c.who = std::make_unique<auth::principal>(std::move(m.who));
  c.deadline = arm(now.steady + options.limits.connect_timeout, timer_kind::connection_deadline,
                   h.index, h.generation);
  const mqtt::frame f = connect_in(c);
  c.version = mqtt::connect_version(f).value();
  c.names_version = true;
  if (is_stopping_) {
    doom(h, {session::close_cause::server_stopping, {}});
    return;
  }
  // What decides may have changed while it was on its way.
  const auto still = ports.authenticator.review(*c.who, credentials_of(c));
  authenticated(h, {.code = still ? mqtt::reason_code::success : mqtt::reason_code::not_authorized,
                    .who = still.value_or(auth::principal{}),
                    .why = "",
                    .data = std::move(m.login_data)});
}

/// Gives an authenticated connection its session. [v311 MQTT-3.1.4-2] [v311 MQTT-3.1.2-4]
/// [v5 MQTT-3.1.4-4]
void shard_engine::admit(connection_handle h, connection& c, const mqtt::connect_view& p,
                         std::string_view client_id, auth::verdict login) {
  auth::principal& who = login.who;
  session_handle sh = find_session(client_id);
  session_slot* s = find(sh);
  if (s != nullptr && options.limits.session_owner_check && s->owner != who) {
    refuse(h, refusal(mqtt::reason_code::not_authorized, "v311 MQTT-3.1.4-2",
                      "the session belongs to another user (session.owner_check)"));
    return;
  }
  std::string will_topic;
  if (p.will) {
    will_topic = clean_text(p.will->topic);
    const auto what = p.will->retain ? auth::action::will_retain : auth::action::will;
    const auto allowed = ports.authorizer.check(who, client_id, what, will_topic);
    if (!allowed.permits(p.will->quality)) {
      log_refusal(
          "will.denied",
          {{"client", client_id}, {"topic", will_topic}, {"rule", std::string_view{allowed.rule}}});
      refuse(h, refusal(mqtt::reason_code::not_authorized, "v311 MQTT-3.1.4-2",
                        "the will topic is not allowed"));
      return;
    }
  }
  const mqtt::version_policy& policy = mqtt::policy_for(p.version);
  const std::uint32_t expiry_s = granted_expiry(p, options.limits);
  if (memory_level() >= observe::memory_level::no_connects) {
    refuse(h,
           refusal(mqtt::reason_code::server_busy, "v311 MQTT-3.2.2-5",
                   "no new connections while memory is short (memory_limit)"),
           observe::connect_refusal::memory_budget);
    return;
  }
  const bool makes_session =
      expiry_s != 0 && (s == nullptr || !s->is_persistent() || p.clean_start);
  if (is_disk_low() && (makes_session || p.will)) {
    refuse(h,
           refusal(policy.has_reason_codes ? mqtt::reason_code::quota_exceeded
                                           : mqtt::reason_code::server_unavailable,
                   "v311 MQTT-3.2.2-5",
                   "no new session and no will while the disk is below store.low_disk"),
           observe::connect_refusal::low_disk);
    return;
  }
  answer a{.type = mqtt::packet_type::connack};
  if (policy.has_properties) {
    a.detail().properties = connack_properties(p, options.limits, client_id, login.data);
    const mqtt::connack_view view{false, 0, mqtt::properties_view{a.properties()}};
    if (mqtt::encoded_size(view, p.version) > c.v5->packet_bytes_max) {
      refuse(h, refusal(mqtt::reason_code::packet_too_large, "v5 MQTT-3.1.2-24",
                        "the CONNACK does not fit into the client's Maximum Packet Size"));
      return;
    }
    c.v5->outgoing.set_limit(std::min(p.properties.topic_alias_maximum().value_or(0),
                                      options.limits.topic_alias_outgoing_max));
  }
  if (s != nullptr && s->connection && !GODWIT_SEEDED_BUG(will_disconnect_overlooked)) {
    bury_doomed();  // a DISCONNECT of this turn comes first, and takes its will along
    sh = find_session(client_id);
    s = find(sh);
  }
  if (GODWIT_SEEDED_BUG(takeover_half_done) && s != nullptr && s->connection &&
      connections_.at(s->connection).at == phase::accepting) {
    s->connection = {};
  }
  if (s != nullptr && s->connection) {
    if (!may_take_over(h, c, client_id)) return;
    ports.counters.add(observe::counter::sessions_taken_over);
    end_connection(s->connection, {session::close_cause::taken_over, {}});
    sh = find_session(client_id);  // a session that ended with its connection is gone
    s = find(sh);
  }
  bool waits = false;  // for the disk: this creates, deletes or changes something durable
  if (s != nullptr && (p.clean_start || !s->is_persistent())) {
    waits = s->is_persistent();
    end_session(sh, *s);
    s = nullptr;
  }
  const bool present = s != nullptr;
  if (present) {
    s->owner = std::move(who);  // the same user; what else is known may be new
    resume_session(*s, p, waits);
  } else {
    sh = begin_session(p, client_id, std::move(who), waits);
    s = find(sh);
  }
  drop_restored_wills(client_id);
  if (p.will) {
    store_will(*s, p, *p.will, will_topic);
    if (!GODWIT_SEEDED_BUG(will_not_recorded)) waits = true;
  }
  s->connection = h;
  s->last_acknowledged = now.steady;
  s->overflow_logged = false;
  c.session = sh;
  c.who.reset();
  c.keep_alive_s = granted_keep_alive(p, options.limits);
  c.at = phase::accepting;
  c.connected_at_s = static_cast<std::uint32_t>(
      std::chrono::floor<std::chrono::seconds>(now.wall).time_since_epoch().count());
  ++sessions_connected_;
  ports.counters.add(observe::counter::clients_connected);
  timers_.cancel(c.deadline);
  arm_keep_alive(h, c);
  arm_login_expiry(h, s->owner);
  log(observe::log_level::info, "client.connected",
      {{"client", client_id},
       {"peer", std::string_view{c.peer.address}},
       {"user", s->owner.user_name()},
       {"version", name(p.version)},
       {"clean", p.clean_start},
       {"present", present},
       {"keep_alive_s", c.keep_alive_s}});
  a.session_present =
      present && (policy.has_session_present || GODWIT_SEEDED_BUG(session_present_to_v31));
  const session::batch_number batch = waits ? records_.open_batch() : unsettled_batch(client_id);
  if (!batch.is_none()) {
    const pending_id id = make_pending(goal::answer{h, sh, mqtt::packet_type::connack, {}});
    pending_operation& op = *find_pending(id);
    op.batch = batch;
    a.waits_for = id;
    c.answers.push(std::move(a));
    part_done(id);
  } else {
    answer_now(h, c, std::move(a));
  }
  note_client({s->client_id,
               present ? history_entry::kind::resumed : history_entry::kind::connected,
               {},
               now.wall,
               c.peer.address});
}

session_handle shard_engine::begin_session(const mqtt::connect_view& p, std::string_view client_id,
                                           auth::principal who, bool& waits) {
  const mqtt::version_policy& policy = mqtt::policy_for(p.version);
  const std::uint32_t expiry_s = granted_expiry(p, options.limits);
  const store::session_number number =
      expiry_s == 0 ? store::session_number{} : ports.numbers.session();
  const session_handle sh = create_session(client_id, std::move(who), p.version, number);
  session_slot& s = sessions_.at(sh);
  s.expiry_s = expiry_s;
  s.expires_as_asked = policy.session_expires_as_asked;
  if (!s.is_persistent()) return sh;
  records_.write(
      store::session_opened{number, s.client_id, std::string{s.owner.user_name()}, p.version});
  if (s.expires_as_asked && !GODWIT_SEEDED_BUG(session_expiry_not_recorded)) {
    records_.write(store::session_expires{number, expiry_s});
  }
  if (!GODWIT_SEEDED_BUG(session_not_durable)) {
    waits = true;
    note_unsettled(s.client_id);
  }
  return sh;
}

void shard_engine::resume_session(session_slot& s, const mqtt::connect_view& p, bool& waits) {
  ports.counters.add(observe::counter::sessions_resumed);
  ports.counters.subtract(observe::counter::sessions_persistent_offline);
  if (!GODWIT_SEEDED_BUG(expiry_not_cancelled)) timers_.cancel(s.expiry);
  if (s.extras) {
    timers_.cancel(s.extras->handover);
    s.extras->hands_over = false;
  }
  cancel_delayed_will(s);
  s.version = p.version;
  // It is idle no more; rides along, because a session that expired cannot be resumed anyway.
  records_.write(store::session_idle{s.number(), base::wall_time{}});
  if (set_expiry(s, granted_expiry(p, options.limits),
                 mqtt::policy_for(p.version).session_expires_as_asked)) {
    waits = true;
    note_unsettled(s.client_id);
  }
  s.log.resume();
}

/// How long the session outlives its connection, on record. True if that is new.
bool shard_engine::set_expiry(session_slot& s, std::uint32_t expiry_s, bool as_asked) {
  if (s.expires_as_asked == as_asked && (!as_asked || s.expiry_s == expiry_s)) {
    s.expiry_s = expiry_s;  // the configuration may have changed
    return false;
  }
  s.expiry_s = expiry_s;
  s.expires_as_asked = as_asked;
  if (!s.is_persistent() || GODWIT_SEEDED_BUG(session_expiry_not_recorded)) return false;
  records_.write(store::session_expires{
      s.number(), as_asked ? std::optional{expiry_s} : std::optional<std::uint32_t>{}});
  return true;
}

/// The CONNACK is in the output: the session may send.
void shard_engine::accepted(connection_handle h, connection& c) {
  if (c.at != phase::accepting) return;
  c.at = phase::live;
  if (session_slot* const s = find(c.session)) {
    if (s->has_shared) tell_groups(c.session, *s, true);
    list_for_pump(c.session, *s);
  }
  if (!c.input.empty()) list_for_input(h, c);
  update_reading(h, c);
}

/// For clients that leave the choice to us. The seed makes it unguessable, and it is at home here,
/// so that the connection need not move. [v311 MQTT-3.1.3-6]
std::string shard_engine::make_client_id() {
  static constexpr char digits[] = "0123456789abcdef";
  for (;;) {
    const std::string counted = "generated/" + std::to_string(self.value()) + "/" +
                                std::to_string(++ids_made_) + "/" +
                                std::to_string(now.wall.time_since_epoch().count());
    std::uint64_t h = base::seeded_hash(counted, options.hash_seed());
    std::string id = "auto-";
    for (int i = 0; i < 16; ++i, h >>= 4U) id += digits[h & 15U];
    if (home_of(id, options.seed, options.shards) == self && !find_session(id)) return id;
  }
}

void shard_engine::arm_keep_alive(connection_handle h, connection& c) {
  if (c.keep_alive_s == 0) return;
  // One and a half times the interval. [v311 MQTT-3.1.2-24]
  const auto limit = std::chrono::milliseconds{c.keep_alive_s * 1'500LL};
  c.deadline = arm(c.last_packet + limit, timer_kind::connection_deadline, h.index, h.generation);
}

void shard_engine::on_deadline(connection_handle h) {
  connection* const c = connections_.find(h);
  if (c == nullptr) return;
  c->deadline = {};
  switch (c->at) {
    case phase::awaiting_connect:
    case phase::authenticating:
    case phase::exchanging:
      doom(h, {session::close_cause::connect_timeout, {}});
      break;
    case phase::accepting:
    case phase::live: {
      auto limit = std::chrono::milliseconds{c->keep_alive_s * 1'500LL};
      if (GODWIT_SEEDED_BUG(keep_alive_too_short))
        limit -= std::chrono::seconds{c->keep_alive_s} / 2;
      if (!c->is_reading) c->last_packet = now.steady;
      if (now.steady >= c->last_packet + limit) {
        doom(h, {session::close_cause::keep_alive_timeout, {}});
      } else {
        arm_keep_alive(h, *c);
      }
      break;
    }
    case phase::closing:
      c->output.reset();
      forget(h);
      break;
  }
}

}  // namespace godwit::broker
