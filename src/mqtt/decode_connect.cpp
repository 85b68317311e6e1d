#include "connect_flags.hpp"
#include "fields.hpp"

#include <godwit/mqtt/decode.hpp>
#include <godwit/mqtt/topic.hpp>
#include <godwit/mqtt/version_policy.hpp>

namespace godwit::mqtt {
namespace {

enum class name_verdict : std::uint8_t { supported, level_unsupported, unknown, cut_off };

struct protocol {
  name_verdict verdict = name_verdict::cut_off;
  /// For an unsupported level: the version whose CONNACK the client most likely understands.
  protocol_version version = protocol_version::v311;
};

/// Name and level decide together: "MQTT" with level 3 is as wrong as "MQIsdp" with 4, and so are
/// the levels 0x83 and 0x84 by which bridges of other brokers announce themselves. [v31
/// M31-proto-1]
[[nodiscard]] protocol read_protocol(wire::reader& in) noexcept {
  std::string_view name;
  if (!in.text(name)) return {};
  const bool old = name == "MQIsdp";
  if (!old && name != "MQTT") return {name_verdict::unknown, protocol_version::v311};
  const auto assumed = old ? protocol_version::v31 : protocol_version::v311;
  std::uint8_t level = 0;
  if (!in.u8(level)) return {name_verdict::cut_off, assumed};
  if (level == static_cast<std::uint8_t>(assumed)) return {name_verdict::supported, assumed};
  if (!old && level == 5) return {name_verdict::supported, protocol_version::v5};
  return {name_verdict::level_unsupported, assumed};
}

[[nodiscard]] result<void> check_flags(unsigned flags, const version_policy& policy) noexcept {
  const protocol_version v = policy.version;
  if ((flags & connect_flag::reserved) != 0 && policy.strict_connect_flag_0) {
    return broken(rules::connect_flag_0, v);
  }
  if ((flags & connect_flag::will) != 0) {
    if (connect_flag::will_qos(flags) == 3) return broken(rules::will_qos_3, v);
  } else if ((flags & connect_flag::will_details) != 0 && policy.strict_will_bits) {
    return broken(rules::will_bits, v);
  }
  const bool password_alone =
      (flags & connect_flag::password) != 0 && (flags & connect_flag::user_name) == 0;
  if (password_alone && !policy.password_without_user_name) {
    return broken(rules::password_alone, v);
  }
  return {};
}

[[nodiscard]] result<will_view> read_will(wire::reader& in, unsigned flags,
                                          const version_policy& policy) noexcept {
  will_view will;
  will.quality = static_cast<qos>(connect_flag::will_qos(flags));
  will.retain = (flags & connect_flag::will_retain) != 0;
  const auto properties = read_properties(in, policy, property_owner::will, sender::client);
  if (!properties) return properties.error();
  will.properties = *properties;
  const auto topic = read_text(in, policy, rules::will_missing);
  if (!topic) return topic.error();
  if (!check_topic_name(*topic)) return broken(rules::will_topic, policy.version);
  will.topic = *topic;
  if (!in.binary(will.payload)) return broken(rules::will_missing, policy.version);
  return will;
}

[[nodiscard]] result<void> read_credentials(wire::reader& in, unsigned flags,
                                            const version_policy& policy,
                                            connect_view& connect) noexcept {
  const auto announced = [&](unsigned flag) {
    // MQTT 3.1: a wholly missing string counts as not announced, a cut one is malformed.
    return (flags & flag) != 0 && !(in.empty() && policy.missing_credentials_tolerated);
  };
  if (announced(connect_flag::user_name)) {
    const auto name = read_text(in, policy, rules::user_name_missing);
    if (!name) return name.error();
    connect.user_name = *name;
  }
  if (announced(connect_flag::password)) {
    bytes_view password;
    if (!in.binary(password)) return broken(rules::password_missing, policy.version);
    connect.password = password;
  }
  if (policy.unannounced_credentials_disregarded) {
    // Whole strings only: what is cut stays behind and is malformed.
    const bool user_announced = (flags & connect_flag::user_name) != 0;
    const bool password_announced = (flags & connect_flag::password) != 0;
    std::string_view ignored;
    if (!user_announced) static_cast<void>(in.text(ignored));
    if (!password_announced) static_cast<void>(in.text(ignored));
  }
  if (!in.empty()) return broken(rules::connect_leftover, policy.version);
  return {};
}

[[nodiscard]] result<protocol_version> check_protocol(wire::reader& in, const frame& f) noexcept {
  const protocol p = read_protocol(in);
  switch (p.verdict) {
    case name_verdict::cut_off:
      return broken(rules::connect_truncated, p.version);
    case name_verdict::unknown:
      return broken(rules::protocol_name, p.version);
    case name_verdict::level_unsupported:
      return broken(rules::protocol_level, p.version);
    case name_verdict::supported:
      break;
  }
  if (f.flags != 0 && policy_for(p.version).strict_header_flags) {
    return broken(rules::header_flags, p.version);
  }
  return p.version;
}

}  // namespace

std::optional<protocol_version> connect_version(const frame& f) noexcept {
  wire::reader in{f.body};
  const protocol p = read_protocol(in);
  if (p.verdict == name_verdict::unknown || p.verdict == name_verdict::cut_off) {
    return std::nullopt;
  }
  return p.version;
}

result<connect_view> decode_connect(const frame& f) noexcept {
  wire::reader in{f.body};
  const auto version = check_protocol(in, f);
  if (!version) return version.error();
  const version_policy& policy = policy_for(*version);

  connect_view connect;
  connect.version = *version;
  std::uint8_t flags = 0;
  if (!in.u8(flags)) return broken(rules::connect_truncated, *version);
  if (auto checked = check_flags(flags, policy); !checked) return checked.error();
  connect.clean_start = (flags & connect_flag::clean_start) != 0;
  if (!in.u16(connect.keep_alive_s)) return broken(rules::connect_truncated, *version);

  const auto properties = read_properties(in, policy, property_owner::connect, sender::client);
  if (!properties) return properties.error();
  connect.properties = *properties;
  const auto client_id = read_text(in, policy, rules::client_id_missing);
  if (!client_id) return client_id.error();
  connect.client_id = *client_id;
  if ((flags & connect_flag::will) != 0) {
    const auto will = read_will(in, flags, policy);
    if (!will) return will.error();
    connect.will = *will;
  }
  if (auto read = read_credentials(in, flags, policy, connect); !read) return read.error();
  return connect;
}

}  // namespace godwit::mqtt
