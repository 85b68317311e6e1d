#include "persona.hpp"

#include <algorithm>

namespace godwit::sim {

using mqtt::property_id;

base::bytes persona::connect_properties(bool clean) const {
  base::bytes out;
  if (!is_v5()) return out;
  mqtt::properties_builder to{out};
  // With clean start the session ends with its connection, as in the older versions.
  if (!clean) {
    to.add(property_id::session_expiry_interval,
           static_cast<std::uint32_t>(plan_.session_expiry.count()));
  }
  if (receive_maximum_ != 0) {
    to.add(property_id::receive_maximum, std::uint32_t{receive_maximum_});
  }
  if (plan_.five.alias_maximum != 0) {
    to.add(property_id::topic_alias_maximum, std::uint32_t{plan_.five.alias_maximum});
  }
  return out;
}

base::bytes persona::will_properties() const {
  base::bytes out;
  if (is_v5() && plan_.five.will_delay_s != 0) {
    mqtt::properties_builder{out}.add(property_id::will_delay_interval, plan_.five.will_delay_s);
  }
  return out;
}

base::bytes persona::publish_properties(const published& m) const {
  base::bytes out;
  if (m.expiry_s != 0) {
    mqtt::properties_builder{out}.add(property_id::message_expiry_interval, m.expiry_s);
  }
  return out;
}

base::bytes persona::subscribe_properties(std::string_view filter) const {
  base::bytes out;
  if (is_v5() && plan_.five.gives_identifiers) {
    mqtt::properties_builder{out}.add(property_id::subscription_identifier, identifier_of(filter));
  }
  return out;
}

/// The topic, also where an alias stands for it.
std::optional<std::string_view> persona::topic_of(const mqtt::publish_view& p) {
  const auto alias = p.properties.topic_alias();
  if (!alias) return p.topic;
  if (*alias > plan_.five.alias_maximum) {
    context_.fail(plan_.client_id + ": a topic alias above its maximum");
    return std::nullopt;
  }
  if (!p.topic.empty()) aliases_[*alias] = p.topic;
  const auto known = aliases_.find(*alias);
  if (known == aliases_.end()) {
    context_.fail(plan_.client_id + ": a topic alias that stands for nothing");
    return std::nullopt;
  }
  return known->second;
}

/// Of a message that came at QoS 1. One that is refused has been seen, and goes to nobody else.
mqtt::reason_code persona::any_answer() {
  const unsigned refuses = is_v5() ? plan_.five.refuse_percent : 0;
  return refuses != 0 && context_.chance(refuses) ? mqtt::reason_code::quota_exceeded
                                                  : mqtt::reason_code::success;
}

/// Only for lack of disk: the message is not taken in, and its id is free.
void persona::on_refusal(const mqtt::ack_view& p) {
  const outgoing* const o = find_outgoing(p.id.value());
  const bool was_low =
      o != nullptr && context_.was_disk_low_since(oracle_.message(o->message).first_sent);
  if (p.code != mqtt::reason_code::quota_exceeded || !was_low) {
    context_.fail(plan_.client_id + ": publish " + std::to_string(p.id.value()) + " is refused");
  }
  std::erase_if(outgoing_, [&](const auto& one) { return one.id == p.id.value(); });
}

}  // namespace godwit::sim
