#include <godwit/base/assert.hpp>
#include <godwit/mqtt/version_policy.hpp>

namespace godwit::mqtt {
namespace {

constexpr version_policy v31_policy{
    .version = protocol_version::v31,
    .strict_header_flags = false,
    .dup_on_requests = true,
    .strict_publish_dup = false,
    .has_auth_packet = false,
    .server_sends_disconnect = false,
    .strict_connect_flag_0 = false,
    .strict_will_bits = false,
    .password_without_user_name = false,
    .missing_credentials_tolerated = true,
    .unannounced_credentials_disregarded = true,
    .text_dialect = utf8_dialect::surrogate_pairs,
    .has_properties = false,
    .has_reason_codes = false,
    .has_topic_alias = false,
    .subscribe_reserved_bits = 0,
    .has_subscription_options = false,
    .bad_filter_is_malformed = true,
    .has_session_present = false,
    .suback_has_failure = false,
    .empty_id_needs_clean_start = false,
    .session_expires_as_asked = false,
    .keep_alive_by_server = false,
    .has_will_delay = false,
};

constexpr version_policy v311_policy{
    .version = protocol_version::v311,
    .strict_header_flags = true,
    .dup_on_requests = false,
    .strict_publish_dup = true,
    .has_auth_packet = false,
    .server_sends_disconnect = false,
    .strict_connect_flag_0 = true,
    .strict_will_bits = true,
    .password_without_user_name = false,
    .missing_credentials_tolerated = false,
    .unannounced_credentials_disregarded = false,
    .text_dialect = utf8_dialect::strict,
    .has_properties = false,
    .has_reason_codes = false,
    .has_topic_alias = false,
    .subscribe_reserved_bits = 0xFC,
    .has_subscription_options = false,
    .bad_filter_is_malformed = true,
    .has_session_present = true,
    .suback_has_failure = true,
    .empty_id_needs_clean_start = true,
    .session_expires_as_asked = false,
    .keep_alive_by_server = false,
    .has_will_delay = false,
};

constexpr version_policy v5_policy{
    .version = protocol_version::v5,
    .strict_header_flags = true,
    .dup_on_requests = false,
    .strict_publish_dup = true,
    .has_auth_packet = true,
    .server_sends_disconnect = true,
    .strict_connect_flag_0 = true,
    .strict_will_bits = true,
    .password_without_user_name = true,
    .missing_credentials_tolerated = false,
    .unannounced_credentials_disregarded = false,
    .text_dialect = utf8_dialect::strict,
    .has_properties = true,
    .has_reason_codes = true,
    .has_topic_alias = true,
    .subscribe_reserved_bits = 0xC0,
    .has_subscription_options = true,
    .bad_filter_is_malformed = false,
    .has_session_present = true,
    .suback_has_failure = true,
    .empty_id_needs_clean_start = false,
    .session_expires_as_asked = true,
    .keep_alive_by_server = true,
    .has_will_delay = true,
};

}  // namespace

const version_policy& policy_for(protocol_version version) noexcept {
  switch (version) {
    case protocol_version::v31:
      return v31_policy;
    case protocol_version::v311:
      return v311_policy;
    case protocol_version::v5:
      return v5_policy;
  }
  base::assertion_failed("a protocol version", __FILE__, __LINE__);
}

std::optional<std::uint8_t> connack_code_v3(reason_code code) noexcept {
  enum : std::uint8_t { accepted, version, identifier, unavailable, credentials, authorization };
  switch (code) {
    case reason_code::success:
      return accepted;
    case reason_code::unsupported_protocol_version:
      return version;
    case reason_code::client_identifier_not_valid:
      return identifier;
    case reason_code::unspecified_error:
    case reason_code::implementation_specific_error:
    case reason_code::server_unavailable:
    case reason_code::server_busy:
    case reason_code::server_shutting_down:
    case reason_code::quota_exceeded:
    case reason_code::use_another_server:
    case reason_code::server_moved:
    case reason_code::connection_rate_exceeded:
      return unavailable;
    case reason_code::bad_user_name_or_password:
      return credentials;
    case reason_code::not_authorized:
    case reason_code::banned:
    case reason_code::bad_authentication_method:
      return authorization;
    default:  // Every other code: what 3.x has no words for ends with the close.
      return std::nullopt;
  }
}

}  // namespace godwit::mqtt
