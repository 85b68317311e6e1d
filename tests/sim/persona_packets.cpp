#include "persona.hpp"
#include "support/packets.hpp"
#include "support/test_client.hpp"

#include <godwit/mqtt/decode.hpp>

#include <algorithm>

namespace godwit::sim {

using mqtt::packet_type;
using mqtt::qos;
using existence = session_model::existence;

void persona::on_bytes(const link& from, base::bytes_view bytes) {
  // What comes on a connection that was given up is lost on the client.
  if (&from != link_.get()) return;
  input_.insert(input_.end(), bytes.begin(), bytes.end());
  while (link_ != nullptr) {
    const auto frame = mqtt::next_frame(input_, plan_.version, mqtt::frame_source::server,
                                        mqtt::remaining_length_max);
    if (!frame) return context_.fail(plan_.client_id + ": the broker sent no packet");
    if (!frame->has_value()) return;
    mqtt::frame whole = **frame;
    whole.from = mqtt::sender::server;
    const base::bytes packet{input_.begin(),
                             input_.begin() + static_cast<std::ptrdiff_t>(whole.size)};
    const auto view = mqtt::decode(whole, plan_.version);
    if (!view) {
      return context_.fail(plan_.client_id + ": cannot decode " + test::to_hex(packet));
    }
    note("<- " + test::test_client::describe(*view));
    on_packet(*view);
    if (link_ == nullptr) return;
    input_.erase(input_.begin(), input_.begin() + static_cast<std::ptrdiff_t>(packet.size()));
  }
}

void persona::on_packet(const mqtt::packet_view& p) {
  const auto* const connack = std::get_if<mqtt::connack_view>(&p);
  if ((phase_ == phase::connecting) != (connack != nullptr)) {
    return context_.fail(plan_.client_id + ": " + test::test_client::describe(p) +
                         " at the wrong time");
  }
  if (got_goodbye_) return context_.fail(plan_.client_id + ": a packet behind DISCONNECT");
  if (connack != nullptr) return on_connack(*connack);
  if (is_v5() && std::holds_alternative<mqtt::disconnect_view>(p)) {
    got_goodbye_ = true;
    return;
  }
  if (const auto* publish = std::get_if<mqtt::publish_view>(&p)) return on_publish(*publish);
  if (const auto* ack = std::get_if<mqtt::ack_view>(&p)) return on_ack(*ack);
  if (const auto* suback = std::get_if<mqtt::suback_view>(&p)) return on_suback(*suback);
  if (std::holds_alternative<mqtt::pingresp_view>(p)) {
    if (pings_ == 0) return context_.fail(plan_.client_id + ": PINGRESP without PINGREQ");
    --pings_;
    return;
  }
  context_.fail(plan_.client_id + ": a broker does not send " + test::test_client::describe(p));
}

void persona::on_connack(const mqtt::connack_view& p) {
  if (p.code == (is_v5() ? 0x97 : 3) && context_.was_disk_low_since(asked_)) {
    note("is refused: the disk is low");
    on_connection_end();
    return;
  }
  if (p.code == (is_v5() ? 0x89 : 3) && context_.was_memory_short_since(asked_)) {
    note("is refused: memory is short");
    on_connection_end();
    return;
  }
  if (p.code != 0) {
    return context_.fail(plan_.client_id + ": refused with " + std::to_string(p.code));
  }
  session_model& s = session();
  const bool told = plan_.version != mqtt::protocol_version::v31;
  const bool must_be_absent = clean_ || !told || expected_ == existence::no;
  if (p.session_present && must_be_absent) {
    context_.fail(plan_.client_id + ": session present, but there can be none");
  }
  // It may have expired while CONNECT was on its way.
  // That a session was taken up again is not waited for: a crash can forget it, and then the time
  // counts from the connection before.
  const auto idle_since = oracle_.last_crash() > last_connack_ ? alive_before_ : last_alive_;
  const bool may_be_absent = context_.now.steady - idle_since >= plan_.session_expiry;
  if (may_be_absent) s.may_have_ended = context_.mark();
  if (!p.session_present && !must_be_absent && expected_ == existence::yes && !may_be_absent) {
    context_.fail(plan_.client_id + ": the session is gone");
  }
  // Behind a clean session comes a new one, even if a CONNECT that was given up has made it.
  const bool is_new =
      clean_ || (told && !p.session_present) || expected_ == existence::no || !s.persistent;
  connected_ = context_.mark();
  oracle_.withdraw(std::exchange(wills_left_, {}));
  phase_ = phase::up;
  wants_clean_ = false;
  if (is_new) {
    if (told || clean_) start_session_over();
    s.on_new_session(connected_);
  }
  s.exists = clean_ ? existence::no : existence::yes;
  s.persistent = !clean_;
  alive_before_ = last_alive_;
  last_alive_ = std::max(last_alive_, link_->last_read());
  last_connack_ = connected_;
  is_unsure_ = !is_new && expected_ != existence::yes;
  if (is_unsure_) {
    for (const outgoing& o : outgoing_) oracle_.message(o.message).is_unsure = true;
  }
  resend_all();
}

void persona::on_publish(const mqtt::publish_view& received) {
  const auto topic = topic_of(received);
  if (!topic) return;
  mqtt::publish_view p = received;
  p.topic = *topic;
  const std::uint16_t id = p.id.value();
  if (is_unsure_ && !p.dup) received_ids_.erase(id);
  const bool id_known = p.quality == qos::exactly_once && received_ids_.contains(id);
  if (p.quality != qos::at_most_once) {
    if (unacknowledged_.contains(id)) {
      context_.fail(plan_.client_id + ": packet id " + std::to_string(id) + " is in use");
    }
    unacknowledged_[id] = p.quality;
  }
  oracle::arrival a{
      .publish = p,
      .connected = connected_,
      .id_known = id_known,
      .shared = !plan_.share.empty(),
      .unacknowledged = unacknowledged_.size(),
      .receive_maximum = receive_maximum_ != 0 ? receive_maximum_ : std::size_t{65'535},
      .asked_at = asked_at_,
      .is_v5 = is_v5(),
      .gives_identifiers = plan_.five.gives_identifiers};
  const auto message = oracle_.on_publish(number_, a);
  if (p.quality == qos::at_least_once) {
    answers_.push_back({packet_type::puback, id, any_answer()});
  }
  if (p.quality == qos::exactly_once) {
    if (id_known && message && received_ids_.at(id) != *message) {
      context_.fail(plan_.client_id + ": another message under the QoS 2 id " + std::to_string(id));
    }
    if (message) received_ids_[id] = *message;
    answers_.push_back({packet_type::pubrec, id});
  }
}

persona::outgoing* persona::find_outgoing(std::uint16_t id) {
  const auto at = std::ranges::find_if(outgoing_, [&](const outgoing& o) { return o.id == id; });
  return at == outgoing_.end() ? nullptr : &*at;
}

/// The broker answers in the order of what it was sent, so this shows how far it has come.
void persona::on_answer() {
  link_->note_answer();
  if (answers_before_ != 0) {
    --answers_before_;
  } else {
    may_be_held_ = false;
  }
}

void persona::expect_in_order(ids& expected, std::uint16_t id, const char* what) {
  if (expected.empty() || expected.front() != id) {
    context_.fail(plan_.client_id + ": " + what + ' ' + std::to_string(id) + " out of order, " +
                  (expected.empty() ? std::string{"none"} : std::to_string(expected.front())) +
                  " is next");
    return;
  }
  expected.pop_front();
  on_answer();
}

void persona::on_ack(const mqtt::ack_view& p) {
  const std::uint16_t id = p.id.value();
  outgoing* const o = find_outgoing(id);
  const auto drop = [&] {
    std::erase_if(outgoing_, [&](const auto& one) { return one.id == id; });
  };
  switch (p.type) {
    case packet_type::puback:
      expect_in_order(expected_pubacks_, id, "PUBACK");
      if (mqtt::is_failure(p.code)) return on_refusal(p);
      if (o == nullptr) return;
      oracle_.on_acked(o->message);
      drop();
      return;
    case packet_type::pubrec:
      expect_in_order(expected_pubrecs_, id, "PUBREC");
      if (mqtt::is_failure(p.code)) return on_refusal(p);
      if (o == nullptr || o->at == progress::received) return;
      oracle_.on_acked(o->message);
      o->at = progress::received;
      note("PUBREL " + std::to_string(id));
      send(test::ack_packet(packet_type::pubrel, id, plan_.version));
      expected_pubcomps_.push_back(id);
      return;
    case packet_type::pubcomp:
      expect_in_order(expected_pubcomps_, id, "PUBCOMP");
      drop();
      return;
    case packet_type::pubrel:
      // After a PUBREC that got through on an earlier connection this is what is sent again.
      received_ids_.erase(id);
      unacknowledged_[id] = qos::exactly_once;
      answers_.push_back({packet_type::pubcomp, id});
      return;
    default:
      context_.fail(plan_.client_id + ": not an acknowledgement");
  }
}

void persona::on_suback(const mqtt::suback_view& p) {
  const auto at = requests_.find(p.id.value());
  if (at == requests_.end()) {
    return context_.fail(plan_.client_id + ": SUBACK or UNSUBACK for nothing");
  }
  const request r = at->second;
  requests_.erase(at);
  on_answer();
  if (r.is_subscribe != (p.type == packet_type::suback)) {
    return context_.fail(plan_.client_id + ": SUBACK for UNSUBSCRIBE or the other way");
  }
  filter_model& f = session().filters[r.filter];
  // Only the answer to the newest request for a filter says how things are.
  const bool others = newest_request_[r.filter] != r.number;
  if (!r.is_subscribe) {
    if (!others) f.on_gone(context_.mark());
    return;
  }
  if (context_.was_disk_low_since(r.number)) {
    if (plan_.version == mqtt::protocol_version::v31) return;  // no answer tells
    if (p.codes.size() == 1 && p.codes[0] == (is_v5() ? std::byte{0x97} : std::byte{0x80})) {
      if (!others) f.on_gone(context_.mark());
      return;
    }
  }
  if (p.codes.size() != 1 || static_cast<qos>(p.codes[0]) != r.quality) {
    context_.fail(plan_.client_id + ": SUBACK grants something else");
  }
  f.on_suback(context_.mark(), {r.quality, r.no_local, r.wants_retained}, others);
}

}  // namespace godwit::sim
