#include "fields.hpp"
#include "header_flags.hpp"

#include <godwit/mqtt/decode.hpp>
#include <godwit/mqtt/version_policy.hpp>

namespace godwit::mqtt {

result<publish_view> decode_publish(const frame& f, protocol_version v) noexcept {
  const version_policy& policy = policy_for(v);
  if (auto checked = check_header_flags(packet_type::publish, f.flags, policy); !checked) {
    return checked.error();
  }
  publish_view publish;
  publish.quality = static_cast<qos>(header::qos_bits(f.flags));
  publish.retain = (f.flags & header::retain_bit) != 0;
  // At QoS 0 a DUP that got this far means nothing.
  publish.dup = publish.quality != qos::at_most_once && (f.flags & header::dup_bit) != 0;

  wire::reader in{f.body};
  if (!in.text(publish.topic)) return broken(rules::publish_truncated, v);
  const text_scan topic = scan_text(publish.topic, policy.text_dialect);
  if (!topic.valid) return broken(rules::text_not_utf8, v);
  if (topic.has_wildcard) return broken(rules::topic_wildcard, v);
  if (publish.quality != qos::at_most_once) {
    const auto id = read_packet_id(in, v, rules::publish_truncated);
    if (!id) return id.error();
    publish.id = *id;
  }
  if (policy.has_properties) {
    const auto properties = read_properties(in, policy, property_owner::publish, f.from);
    if (!properties) return properties.error();
    publish.properties = *properties;
  }
  if (publish.topic.empty()) {
    const bool aliased = policy.has_topic_alias && publish.properties.topic_alias().has_value();
    if (!aliased) return broken(rules::topic_empty, v);
  }
  publish.payload = in.rest();
  return publish;
}

}  // namespace godwit::mqtt
