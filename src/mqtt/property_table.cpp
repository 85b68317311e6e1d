#include "property_table.hpp"

namespace godwit::mqtt {
namespace {

using mask = std::uint16_t;
using enum property_owner;

template <class... Owners>
constexpr mask in(Owners... owners) noexcept {
  return static_cast<mask>(((1U << static_cast<unsigned>(owners)) | ... | 0U));
}

constexpr mask anywhere = 0xFFFF;
constexpr mask answers =
    in(connack, puback, pubrec, pubrel, pubcomp, suback, unsuback, disconnect, auth);

using table = std::array<property_row, property_ids>;

constexpr void put(table& t, property_id id, property_type type, mask owners, const char* clause) {
  t[static_cast<std::size_t>(id)] = {type, true, owners, owners, 0, clause};
}

constexpr table make_table() {
  using enum property_id;
  using enum property_type;
  table t{};
  const mask message = in(publish, will);
  put(t, payload_format_indicator, flag, message, "v5 2.2.2.2 (Payload Format Indicator)");
  put(t, message_expiry_interval, four_byte, message, "v5 2.2.2.2 (Message Expiry Interval)");
  put(t, content_type, text, message, "v5 2.2.2.2 (Content Type)");
  put(t, response_topic, text, message, "v5 2.2.2.2 (Response Topic)");
  put(t, correlation_data, binary, message, "v5 2.2.2.2 (Correlation Data)");
  put(t, subscription_identifier, variable, in(subscribe), "v5 2.2.2.2 (Subscription Identifier)");
  put(t, session_expiry_interval, four_byte, in(connect, connack),
      "v5 2.2.2.2 (Session Expiry Interval)");
  put(t, assigned_client_identifier, text, in(connack), "v5 2.2.2.2 (Assigned Client Identifier)");
  put(t, server_keep_alive, two_byte, in(connack), "v5 2.2.2.2 (Server Keep Alive)");
  put(t, authentication_method, text, in(connect, connack, auth),
      "v5 2.2.2.2 (Authentication Method)");
  put(t, authentication_data, binary, in(connect, connack, auth),
      "v5 2.2.2.2 (Authentication Data)");
  put(t, request_problem_information, flag, in(connect),
      "v5 2.2.2.2 (Request Problem Information)");
  put(t, will_delay_interval, four_byte, in(will), "v5 2.2.2.2 (Will Delay Interval)");
  put(t, request_response_information, flag, in(connect),
      "v5 2.2.2.2 (Request Response Information)");
  put(t, response_information, text, in(connack), "v5 2.2.2.2 (Response Information)");
  put(t, server_reference, text, in(connack), "v5 2.2.2.2 (Server Reference)");
  put(t, reason_string, text, answers, "v5 2.2.2.2 (Reason String)");
  put(t, receive_maximum, two_byte, in(connect, connack), "v5 2.2.2.2 (Receive Maximum)");
  put(t, topic_alias_maximum, two_byte, in(connect, connack), "v5 2.2.2.2 (Topic Alias Maximum)");
  put(t, topic_alias, two_byte, in(publish), "v5 2.2.2.2 (Topic Alias)");
  put(t, maximum_qos, flag, in(connack), "v5 2.2.2.2 (Maximum QoS)");
  put(t, retain_available, flag, in(connack), "v5 2.2.2.2 (Retain Available)");
  put(t, user_property, pair, anywhere, "v5 2.2.2.2 (User Property)");
  put(t, maximum_packet_size, four_byte, in(connect, connack), "v5 2.2.2.2 (Maximum Packet Size)");
  put(t, wildcard_subscription_available, flag, in(connack),
      "v5 2.2.2.2 (Wildcard Subscription Available)");
  put(t, subscription_identifier_available, flag, in(connack),
      "v5 2.2.2.2 (Subscription Identifier Available)");
  put(t, shared_subscription_available, flag, in(connack),
      "v5 2.2.2.2 (Shared Subscription Available)");

  const auto at = [&t](property_id id) -> property_row& { return t[static_cast<std::size_t>(id)]; };
  for (const property_id id :
       {subscription_identifier, receive_maximum, topic_alias, maximum_packet_size}) {
    at(id).zero_allowed = false;
  }
  at(user_property).repeated = anywhere;
  // What only one side may say.
  at(subscription_identifier).from_server |= in(publish);
  at(subscription_identifier).repeated = in(publish);
  at(session_expiry_interval).from_client |= in(disconnect);
  at(server_reference).from_server |= in(disconnect);
  return t;
}

}  // namespace

constexpr std::array<property_row, property_ids> property_table = make_table();

}  // namespace godwit::mqtt
