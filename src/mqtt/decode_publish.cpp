#include "fields.hpp"
#include "header_flags.hpp"

#include <godwit/mqtt/decode.hpp>
#include <godwit/mqtt/version_policy.hpp>

namespace godwit::mqtt {
namespace {

void read_flags(unsigned flags, publish_view& publish) noexcept {
  publish.quality = static_cast<qos>(header::qos_bits(flags));
  publish.retain = (flags & header::retain_bit) != 0;
  // At QoS 0 a DUP that got this far means nothing.
  publish.dup = publish.quality != qos::at_most_once && (flags & header::dup_bit) != 0;
}

/// Fills `publish`; on failure says why in `error`.
[[nodiscard]] bool read_publish(const frame& f, const version_policy& policy, publish_view& publish,
                                protocol_error& error) noexcept {
  const auto refuse = [&](const rule& r) {
    error = broken(r, policy.version);
    return false;
  };
  if (auto checked = check_header_flags(packet_type::publish, f.flags, policy); !checked) {
    error = checked.error();
    return false;
  }
  read_flags(f.flags, publish);
  wire::reader in{f.body};
  if (!in.text(publish.topic)) return refuse(rules::publish_truncated);
  const text_scan topic = scan_text(publish.topic, policy.text_dialect);
  if (!topic.valid) return refuse(rules::text_not_utf8);
  if (topic.has_wildcard) return refuse(rules::topic_wildcard);
  if (publish.quality != qos::at_most_once) {
    std::uint16_t id = 0;
    if (!in.u16(id)) return refuse(rules::publish_truncated);
    if (id == 0) return refuse(rules::packet_id_zero);
    publish.id = packet_id{id};
  }
  if (policy.has_properties) {
    const auto properties = read_properties(in, policy, property_owner::publish, f.from);
    if (!properties) {
      error = properties.error();
      return false;
    }
    publish.properties = *properties;
  }
  if (publish.topic.empty()) {
    const bool aliased = policy.has_topic_alias && publish.properties.topic_alias().has_value();
    if (!aliased) return refuse(rules::topic_empty);
  }
  publish.payload = in.rest();
  return true;
}

}  // namespace

result<publish_view> decode_publish(const frame& f, protocol_version v) noexcept {
  // The view is filled where it is returned, and nothing else is returned: copying it just after
  // its small fields were written would cost more than all the rest.
  result<publish_view> decoded{result<publish_view>::in_place_value};
  protocol_error error;
  if (!read_publish(f, policy_for(v), *decoded, error)) decoded = error;
  return decoded;
}

}  // namespace godwit::mqtt
