#include "fields.hpp"
#include "header_flags.hpp"
#include "subscription_options.hpp"

#include <godwit/mqtt/decode.hpp>
#include <godwit/mqtt/topic.hpp>
#include <godwit/mqtt/version_policy.hpp>

namespace godwit::mqtt {
namespace {

constexpr std::string_view share_prefix = "$share/";

/// The part of a filter whose wildcards are judged here. The syntax of "$share/group/" is the
/// session's to judge, in every version, with an answer per filter.
[[nodiscard]] std::string_view without_share(std::string_view filter) noexcept {
  if (!filter.starts_with(share_prefix)) return filter;
  const std::size_t slash = filter.find('/', share_prefix.size());
  return slash == std::string_view::npos ? std::string_view{} : filter.substr(slash + 1);
}

[[nodiscard]] result<std::string_view> read_filter(wire::reader& in,
                                                   const version_policy& policy) noexcept {
  std::string_view filter;
  if (!in.text(filter)) return broken(rules::truncated, policy.version);
  const text_scan scan = scan_text(filter, policy.text_dialect);
  if (!scan.valid) return broken(rules::text_not_utf8, policy.version);
  if (filter.empty()) return broken(rules::filter_empty, policy.version);
  if (scan.has_wildcard && policy.bad_filter_is_malformed) {
    const std::string_view judged = without_share(filter);
    if (!judged.empty() && !check_topic_filter(judged)) {
      return broken(rules::filter_wildcard, policy.version);
    }
  }
  return filter;
}

[[nodiscard]] result<void> check_options(std::uint8_t options, std::string_view filter,
                                         const version_policy& policy) noexcept {
  const protocol_version v = policy.version;
  if ((options & policy.subscribe_reserved_bits) != 0) return broken(rules::options_reserved, v);
  if ((options & subscription_option::qos_bits) == 3) return broken(rules::options_qos_3, v);
  if (!policy.has_subscription_options) return {};
  if (subscription_option::retain_handling(options) == 3) return broken(rules::options_retain, v);
  const bool no_local = (options & subscription_option::no_local) != 0;
  if (no_local && filter.starts_with(share_prefix)) return broken(rules::shared_no_local, v);
  return {};
}

/// DUP on a request says that it is a repetition, in MQTT 3.1 only.
[[nodiscard]] bool is_repetition(const frame& f, const version_policy& policy) noexcept {
  return policy.dup_on_requests && (f.flags & header::dup_bit) != 0;
}

}  // namespace

result<subscribe_view> decode_subscribe(const frame& f, protocol_version v) noexcept {
  const version_policy& policy = policy_for(v);
  wire::reader in{f.body};
  subscribe_view subscribe;
  subscribe.version = v;
  subscribe.dup = is_repetition(f, policy);
  const auto id = read_packet_id(in, v, rules::truncated);
  if (!id) return id.error();
  subscribe.id = *id;
  const auto properties = read_properties(in, policy, property_owner::subscribe, f.from);
  if (!properties) return properties.error();
  subscribe.properties = *properties;
  subscribe.payload = in.rest();
  while (!in.empty()) {
    const auto filter = read_filter(in, policy);
    if (!filter) return filter.error();
    std::uint8_t options = 0;
    if (!in.u8(options)) return broken(rules::truncated, v);
    if (auto checked = check_options(options, *filter, policy); !checked) return checked.error();
    ++subscribe.count;
  }
  if (subscribe.count == 0) return broken(rules::no_filters, v);
  return subscribe;
}

result<unsubscribe_view> decode_unsubscribe(const frame& f, protocol_version v) noexcept {
  const version_policy& policy = policy_for(v);
  wire::reader in{f.body};
  unsubscribe_view unsubscribe;
  unsubscribe.dup = is_repetition(f, policy);
  const auto id = read_packet_id(in, v, rules::truncated);
  if (!id) return id.error();
  unsubscribe.id = *id;
  const auto properties = read_properties(in, policy, property_owner::unsubscribe, f.from);
  if (!properties) return properties.error();
  unsubscribe.properties = *properties;
  unsubscribe.payload = in.rest();
  while (!in.empty()) {
    const auto filter = read_filter(in, policy);
    if (!filter) return filter.error();
    ++unsubscribe.count;
  }
  if (unsubscribe.count == 0) return broken(rules::no_filters, v);
  return unsubscribe;
}

}  // namespace godwit::mqtt
