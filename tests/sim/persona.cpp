#include "persona.hpp"

#include "support/packets.hpp"

#include <godwit/mqtt/encode.hpp>

#include <algorithm>

namespace godwit::sim {

using mqtt::packet_type;
using mqtt::qos;
using existence = session_model::existence;

persona::persona(context& c, oracle& o, const persona_plan& p, std::size_t number, dial connect)
    : context_{c}, oracle_{o}, plan_{p}, number_{number}, dial_{std::move(connect)} {}

void persona::note(const std::string& text) {
  context_.note(plan_.client_id + ' ' + text);
}

void persona::send(const base::bytes& packet) {
  link_->send(packet);
  last_sent_ = context_.now.steady;
}

qos persona::any_qos() {
  return static_cast<qos>(context_.below(3));
}

/// A CONNECT that was given up can still reach the broker, behind the next one even. As long as
/// that changes nothing but which connection wins, that is a race worth running.
bool persona::may_connect(bool clean) {
  std::erase_if(ghosts_, [](const ghost& g) { return g.connection->wire()->broker_closed; });
  // Where sessions expire soon, a ghost could make a new one that looks like the old.
  if (plan_.session_expiry < std::chrono::hours{1}) {
    return ghosts_.empty() && (link_ == nullptr || phase_ == phase::up);
  }
  const bool is_ghost = link_ != nullptr && phase_ == phase::connecting;
  if (is_ghost && (clean || clean_)) return false;
  return ghosts_.empty() ||
         (!clean && std::ranges::none_of(ghosts_, [](const ghost& g) { return g.clean; }));
}

bool persona::connect(bool clean, bool with_will) {
  clean = clean || wants_clean_;
  if (!may_connect(clean)) return false;
  if (link_ != nullptr) {
    context_.count(phase_ == phase::connecting ? fault::connect_given_up : fault::takeover);
    on_connection_end();
  }
  if (plan_.flapping && connections_ != 0) context_.count(fault::flapping);
  if (!ghosts_.empty()) context_.count(fault::racing_connects);
  session_model& s = session();
  const std::string name = plan_.client_id + '#' + std::to_string(++connections_);
  link_ = dial_(name);
  if (!ghosts_.empty()) link_->excuse();
  link_->client.keep_alive_s = plan_.keep_alive_s;
  phase_ = phase::connecting;
  clean_ = clean;
  wants_clean_ = clean;
  disconnect_sent_ = false;
  input_.clear();
  asked_ = context_.mark();
  asked_at_ = context_.now.steady;
  if (clean) oracle_.on_clean_start(number_);
  // Another one each time, so that what is in flight must fit into less.
  if (const std::uint16_t most = plan_.five.receive_maximum; most != 0) {
    receive_maximum_ = static_cast<std::uint16_t>(1 + context_.below(most));
  }

  test::connect_options o;
  o.properties = connect_properties(clean);
  o.version = plan_.version;
  o.client_id = plan_.client_id;
  o.clean = clean;
  o.keep_alive_s = plan_.keep_alive_s;
  if (with_will) {
    published w;
    w.topic = "w/" + std::to_string(number_);
    w.payload = "will of " + name;
    w.quality = any_qos();
    w.retain = context_.chance(20);
    w.is_will = true;
    w.publisher = 1'000 + connections_ + 1'000 * number_;
    w.first_sent = context_.mark();
    w.left_by = link_;
    w.persona = number_;
    if (is_v5() && !clean) w.delay_s = plan_.five.will_delay_s;
    will_ = oracle_.new_message(w);
    link_->client.will = will_;
    o.will = test::will_options{w.topic, w.payload, w.quality, w.retain, will_properties()};
  }
  if (s.exists == existence::yes && !clean &&
      context_.now.steady - last_alive_ >= plan_.session_expiry) {
    s.exists = existence::unknown;
    s.may_have_ended = context_.mark();
    for (auto& [filter, f] : s.filters) f.certain_since = never;
  }
  expected_ = s.exists;
  if (clean) {
    s.may_have_ended = context_.mark();
    for (auto& [filter, f] : s.filters) f.certain_since = never;
    if (s.exists != existence::no) s.exists = existence::unknown;
  } else if (s.exists == existence::no) {
    s.exists = existence::unknown;
  }
  note("CONNECT" + std::string{clean ? " clean" : ""} + (with_will ? " will" : "") + " on " + name);
  send(test::connect_packet(o));
  return true;
}

bool persona::take_over() {
  const bool persistent = plan_.habit == session_habit::always_persistent ||
                          (plan_.habit == session_habit::switching && context_.chance(70));
  note("takes over");
  return connect(!persistent, context_.chance(30));
}

void persona::start_session_over() {
  outgoing_.clear();
  received_ids_.clear();
}

void persona::drop_link() {
  link_.reset();
  phase_ = phase::none;
  input_.clear();
  requests_.clear();
  answers_.clear();
  unacknowledged_.clear();
  expected_pubacks_.clear();
  expected_pubrecs_.clear();
  expected_pubcomps_.clear();
  will_.reset();
  pings_ = 0;
  may_be_held_ = false;
  aliases_.clear();
  got_goodbye_ = false;
}

void persona::on_connection_end() {
  if (phase_ == phase::connecting) ghosts_.push_back({link_, clean_});
  link_->look();
  if (will_ && phase_ == phase::up) {
    published& w = oracle_.message(*will_);
    const test::memory_wire& wire = *link_->wire();
    const bool met_stop = link_->has_met_stop() || oracle_.last_crash() > connected_;
    wills_left_.push_back(*will_);
    if (w.delay_s != 0 && !disconnect_sent_) {
      // The oracle knows when it is due from the broker's log.
    } else if (!disconnect_sent_ && !met_stop) {
      // When the broker ended the connection, it may have published the will long ago.
      w.due_since = wire.broker_closed ? w.first_sent : context_.mark();
    } else if (disconnect_sent_ && plan_.reads_at_once && was_all_answered_ && wire.broker_closed &&
               !wire.broken && wire.consumed == link_->bytes_sent()) {
      w.forbidden_since = context_.mark();
    }
  }
  session_model& s = session();
  if (phase_ == phase::up && clean_) s.on_connection_lost(context_.mark());
  if (phase_ == phase::up) last_alive_ = std::max(last_alive_, link_->last_read());
  if (phase_ == phase::up && clean_) start_session_over();
  drop_link();
}

void persona::look() {
  if (link_ == nullptr || !link_->is_over()) return;
  note(link_->wire()->broken ? "connection broke" : "connection was closed");
  judge_close();
  on_connection_end();
}

void persona::judge_close() {
  link_->look();
  if (link_->wire()->broken || context_.was_disk_low_since(asked_)) return;
  if (phase_ == phase::connecting && context_.was_memory_short_since(asked_)) return;
  if (!link_->may_be_closed(plan_.keep_alive_s, phase_ == phase::connecting)) {
    context_.fail(plan_.client_id + ": " + link_->name() + " was closed for no reason");
  }
}

std::uint16_t persona::free_id() const {
  const bool is_crowded = requests_.size() + outgoing_.size() >= plan_.ids_max;
  const std::uint16_t last = is_crowded ? std::uint16_t{200} : plan_.ids_max;
  std::uint16_t id = last_id_;
  while (true) {
    id = id >= last ? std::uint16_t{1} : static_cast<std::uint16_t>(id + 1);
    const bool taken = requests_.contains(id) ||
                       std::ranges::any_of(outgoing_, [&](const auto& o) { return o.id == id; });
    if (!taken) return id;
  }
}

void persona::subscribe() {
  request r;
  r.filter = plan_.share.empty() ? context_.one_of(filters()) : plan_.share;
  r.quality = plan_.share.empty() ? any_qos()
                                  : (context_.chance(50) ? qos::at_least_once : qos::exactly_once);
  if (is_v5()) {
    r.no_local = plan_.share.empty() && context_.chance(plan_.five.no_local_percent);
    r.wants_retained = !context_.chance(plan_.five.no_retained_percent);
  }
  session().filters[r.filter].on_subscribe_sent(context_.mark(),
                                                {r.quality, r.no_local, r.wants_retained});
  send_request(std::move(r));
}

void persona::send_request(request r) {
  const std::uint16_t id = last_id_ = free_id();
  note((r.is_subscribe ? "SUBSCRIBE " : "UNSUBSCRIBE ") + std::to_string(id) + " '" + r.filter +
       "' qos " + std::to_string(static_cast<int>(r.quality)) + (r.no_local ? " no local" : "") +
       (r.wants_retained ? "" : " no retained"));
  const test::filter_request wanted{.filter = r.filter,
                                    .quality = r.quality,
                                    .no_local = r.no_local,
                                    .retain_handling = std::uint8_t(r.wants_retained ? 0 : 2)};
  send(r.is_subscribe
           ? test::subscribe_packet(id, {wanted}, plan_.version, subscribe_properties(r.filter))
           : test::unsubscribe_packet(id, {r.filter}, plan_.version));
  r.number = newest_request_[r.filter] = context_.mark();
  requests_.emplace(id, std::move(r));
}

void persona::unsubscribe() {
  auto& all = session().filters;
  if (all.empty()) return;
  auto at = all.begin();
  std::advance(at, static_cast<std::ptrdiff_t>(context_.below(all.size())));
  at->second.on_unsubscribe_sent();
  send_request({.filter = at->first, .is_subscribe = false});
}

void persona::publish(const std::string& topic, qos quality, bool retain, bool clear) {
  published m;
  m.topic = topic;
  m.quality = quality;
  m.retain = retain;
  // Order is owed within a session; what an ended one left behind may come late.
  m.publisher = number_ * 10'000 + session().epoch;
  m.persona = number_;
  if (is_v5() && !retain && context_.chance(plan_.five.expiry_percent)) {
    m.expiry_s = context_.one_of(std::vector<std::uint32_t>{1, 5, 60});
  }
  if (!clear) {
    m.payload = plan_.client_id + '/' + std::to_string(context_.mark()) +
                std::string(context_.below(40), '.');
  }
  outgoing o;
  o.message = oracle_.new_message(m);
  if (quality != qos::at_most_once) o.id = last_id_ = free_id();
  send_publish(o, false);
  if (quality != qos::at_most_once) outgoing_.push_back(o);
}

void persona::send_publish(const outgoing& o, bool dup) {
  const published& m = oracle_.message(o.message);
  oracle_.on_sent(o.message);
  note("PUBLISH " + std::to_string(o.id) + " '" + m.topic + "' '" + m.payload + "' qos " +
       std::to_string(static_cast<int>(m.quality)) + (m.retain ? " retain" : "") +
       (dup ? " dup" : ""));
  send(test::publish_packet(m.topic, m.payload,
                            {.quality = m.quality,
                             .id = o.id,
                             .retain = m.retain,
                             .dup = dup,
                             .properties = publish_properties(m)},
                            plan_.version));
  if (m.quality == qos::at_most_once) {
    may_be_held_ = true;
    answers_before_ = expected_pubacks_.size() + expected_pubrecs_.size() +
                      expected_pubcomps_.size() + requests_.size();
  }
  if (m.quality == qos::at_least_once) expected_pubacks_.push_back(o.id);
  if (m.quality == qos::exactly_once) expected_pubrecs_.push_back(o.id);
}

void persona::resend_all() {
  for (const outgoing& o : outgoing_) {
    if (o.at == progress::published) {
      send_publish(o, true);
    } else {
      note("PUBREL " + std::to_string(o.id) + " again");
      send(test::ack_packet(packet_type::pubrel, o.id, plan_.version));
      expected_pubcomps_.push_back(o.id);
    }
  }
}

void persona::repeat_publish() {
  // MQTT 3.1 lets a client repeat an unanswered PUBLISH on the live connection. [v31 M31-retry-1]
  for (const outgoing& o : outgoing_) {
    if (o.at != progress::published) continue;
    if (oracle_.message(o.message).quality != qos::exactly_once) continue;
    send_publish(o, true);
    context_.count(fault::repeated_publish);
    return;
  }
}

void persona::answer_some(std::size_t count) {
  while (count-- != 0 && !answers_.empty()) {
    const answer a = answers_.front();
    answers_.pop_front();
    if (a.type != packet_type::pubrec) unacknowledged_.erase(a.id);
    if (a.type == packet_type::pubrec) note("PUBREC " + std::to_string(a.id));
    if (a.type == packet_type::puback) note("PUBACK " + std::to_string(a.id));
    if (a.type == packet_type::pubcomp) note("PUBCOMP " + std::to_string(a.id));
    if (mqtt::is_failure(a.code)) {
      base::bytes refusal;
      mqtt::encode(mqtt::ack_view{a.type, mqtt::packet_id{a.id}, a.code, {}}, plan_.version,
                   refusal);
      send(refusal);
      continue;
    }
    send(test::ack_packet(a.type, a.id, plan_.version));
  }
}

void persona::disconnect() {
  if (phase_ != phase::up || link_->is_closing()) return;
  note("DISCONNECT");
  was_all_answered_ = expected_pubacks_.empty() && expected_pubrecs_.empty() && requests_.empty();
  if (!was_all_answered_) context_.count(fault::hasty_disconnect);
  disconnect_sent_ = true;
  link_->client.sent_disconnect = true;
  send(test::disconnect_packet(plan_.version));
  link_->close();
}

void persona::ping_if_due() {
  if (phase_ != phase::up || plan_.keep_alive_s == 0 || disconnect_sent_) return;
  const auto silent = context_.now.steady - last_sent_;
  if (silent < std::chrono::milliseconds{plan_.keep_alive_s * 600}) return;
  note("PINGREQ");
  send(test::pingreq_packet());
  ++pings_;
}

bool persona::has_open_business() const noexcept {
  return !outgoing_.empty() || !requests_.empty() || !answers_.empty() ||
         !unacknowledged_.empty() || pings_ != 0;
}

std::string persona::open_business() const {
  return plan_.client_id + ": " + std::to_string(outgoing_.size()) + " publishes, " +
         std::to_string(requests_.size()) + " requests, " + std::to_string(answers_.size()) +
         " answers, " + std::to_string(unacknowledged_.size()) + " deliveries, " +
         std::to_string(pings_) + " pings";
}

bool persona::behave() {
  look();
  if (is_silent_) return false;
  if (link_ == nullptr) {
    connect(plan_.habit == session_habit::always_clean ||
                (plan_.habit == session_habit::switching && clean_),
            false);
    return true;
  }
  if (link_->is_stalled()) link_->stall(false);
  ping_if_due();
  if (answers_.empty()) return false;
  answer_some(answers_.size());
  return true;
}

void persona::make_trouble() {
  switch (context_.below(5)) {
    case 0:
      take_over();
      return;
    case 1:
      note("resets");
      context_.count(fault::client_reset);
      link_->reset();
      look();
      return;
    case 2:
      if (!disconnect_sent_) {
        note("half-closes");
        context_.count(fault::half_close);
      }
      link_->close();
      return;
    case 3:
      link_->stall(!link_->is_stalled());
      note(link_->is_stalled() ? "stalls" : "reads again");
      if (link_->is_stalled()) context_.count(fault::stalled_reader);
      return;
    default:
      disconnect();
      return;
  }
}

void persona::act() {
  look();
  if (link_ == nullptr) {
    if (!context_.chance(25)) return;
    const bool persistent = plan_.habit == session_habit::always_persistent ||
                            (plan_.habit == session_habit::switching && context_.chance(70));
    connect(!persistent, context_.chance(30));
    return;
  }
  if (context_.chance(plan_.flapping ? 12 : 2)) return make_trouble();
  if (phase_ != phase::up || disconnect_sent_) return;
  ping_if_due();
  const std::size_t what = context_.below(100);
  if (what < 45) {
    answer_some(1 + context_.below(4));
  } else if (what < 75) {
    if (outgoing_.size() >= 12) return;
    const bool retain = context_.chance(plan_.retain_percent);
    const bool clear = retain && context_.chance(20);
    // The longest topics first: most filters match them.
    const std::string& topic = topics()[context_.below(plan_.topics)];
    publish(topic, any_qos(), retain, clear);
  } else if (what < 88) {
    if (requests_.size() < 3) subscribe();
  } else if (what < 91) {
    if (requests_.size() < 3) unsubscribe();
  } else if (what < 94 && plan_.version == mqtt::protocol_version::v31) {
    repeat_publish();
  }
}

}  // namespace godwit::sim
