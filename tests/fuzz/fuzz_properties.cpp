#include "decode_stream.hpp"

#include <godwit/mqtt/properties.hpp>

namespace godwit::fuzz {
namespace {

/// Builds the block again, property by property.
base::bytes rebuild(const mqtt::properties_view& properties) {
  base::bytes out;
  mqtt::properties_builder builder{out};
  auto cursor = properties.all();
  while (const auto p = cursor.next()) {
    if (const auto* pair = std::get_if<mqtt::string_pair>(&p->value)) {
      builder.add_user_property(pair->key, pair->value);
    } else if (const auto* number = std::get_if<std::uint32_t>(&p->value)) {
      builder.add(p->id, *number);
    } else if (const auto* text = std::get_if<std::string_view>(&p->value)) {
      builder.add(p->id, *text);
    } else {
      builder.add(p->id, std::get<mqtt::bytes_view>(p->value));
    }
  }
  return out;
}

bool same(mqtt::bytes_view a, mqtt::bytes_view b) {
  return base::as_text(a) == base::as_text(b);
}

/// The first of the properties with this id, by walking.
template <class T>
std::optional<T> walked(const mqtt::properties_view& properties, mqtt::property_id id) {
  auto cursor = properties.all();
  while (const auto p = cursor.next()) {
    if (p->id == id) return std::get<T>(p->value);
  }
  return std::nullopt;
}

/// Do lookup and walk agree about a number, whatever its type?
template <class T>
bool agrees(const std::optional<T>& found, const mqtt::properties_view& p, mqtt::property_id id) {
  const auto expected = walked<std::uint32_t>(p, id);
  return found.has_value() == expected.has_value() &&
         (!found || static_cast<std::uint32_t>(*found) == *expected);
}

void check_numbers(const mqtt::properties_view& p) {
  using id = mqtt::property_id;
  FUZZ_REQUIRE(agrees(p.payload_format_indicator(), p, id::payload_format_indicator));
  FUZZ_REQUIRE(agrees(p.message_expiry_interval(), p, id::message_expiry_interval));
  FUZZ_REQUIRE(agrees(p.subscription_identifier(), p, id::subscription_identifier));
  FUZZ_REQUIRE(agrees(p.session_expiry_interval(), p, id::session_expiry_interval));
  FUZZ_REQUIRE(agrees(p.server_keep_alive(), p, id::server_keep_alive));
  FUZZ_REQUIRE(agrees(p.request_problem_information(), p, id::request_problem_information));
  FUZZ_REQUIRE(agrees(p.will_delay_interval(), p, id::will_delay_interval));
  FUZZ_REQUIRE(agrees(p.request_response_information(), p, id::request_response_information));
  FUZZ_REQUIRE(agrees(p.receive_maximum(), p, id::receive_maximum));
  FUZZ_REQUIRE(agrees(p.topic_alias_maximum(), p, id::topic_alias_maximum));
  FUZZ_REQUIRE(agrees(p.topic_alias(), p, id::topic_alias));
  FUZZ_REQUIRE(agrees(p.maximum_qos(), p, id::maximum_qos));
  FUZZ_REQUIRE(agrees(p.retain_available(), p, id::retain_available));
  FUZZ_REQUIRE(agrees(p.maximum_packet_size(), p, id::maximum_packet_size));
  FUZZ_REQUIRE(agrees(p.wildcard_subscription_available(), p, id::wildcard_subscription_available));
  FUZZ_REQUIRE(
      agrees(p.subscription_identifier_available(), p, id::subscription_identifier_available));
  FUZZ_REQUIRE(agrees(p.shared_subscription_available(), p, id::shared_subscription_available));
  FUZZ_REQUIRE(p.topic_alias() != 0 && p.receive_maximum() != 0);
}

void check_texts(const mqtt::properties_view& p) {
  using id = mqtt::property_id;
  using text = std::string_view;
  FUZZ_REQUIRE(p.content_type() == walked<text>(p, id::content_type));
  FUZZ_REQUIRE(p.response_topic() == walked<text>(p, id::response_topic));
  FUZZ_REQUIRE(p.assigned_client_identifier() == walked<text>(p, id::assigned_client_identifier));
  FUZZ_REQUIRE(p.authentication_method() == walked<text>(p, id::authentication_method));
  FUZZ_REQUIRE(p.response_information() == walked<text>(p, id::response_information));
  FUZZ_REQUIRE(p.server_reference() == walked<text>(p, id::server_reference));
  FUZZ_REQUIRE(p.reason_string() == walked<text>(p, id::reason_string));
  for (const id binary : {id::correlation_data, id::authentication_data}) {
    const auto found =
        binary == id::correlation_data ? p.correlation_data() : p.authentication_data();
    const auto expected = walked<mqtt::bytes_view>(p, binary);
    FUZZ_REQUIRE(found.has_value() == expected.has_value());
    FUZZ_REQUIRE(!found || same(*found, *expected));
  }
  if (const auto pair = walked<mqtt::string_pair>(p, id::user_property)) {
    FUZZ_REQUIRE(p.user_property(pair->key) == pair->value);
  }
}

void check_lookups(const mqtt::properties_view& p) {
  check_numbers(p);
  check_texts(p);
}

/// What is forwarded may stand in a PUBLISH, and forwarding it once more changes nothing.
void check_forwarding(const mqtt::properties_view& properties) {
  base::bytes once;
  mqtt::append_forwardable(properties, once);
  FUZZ_REQUIRE(mqtt::check_properties(once, mqtt::property_owner::publish, mqtt::sender::server)
                   .has_value());
  base::bytes again;
  mqtt::append_forwardable(mqtt::properties_view{once}, again);
  FUZZ_REQUIRE(again == once);
}

}  // namespace

void fuzz_properties(base::bytes_view input);

/// The first byte says where the block stands and who sent it; the rest is the block.
void fuzz_properties(base::bytes_view input) {
  if (input.empty()) return;
  const auto choice = std::to_integer<unsigned>(input[0]);
  const auto owner = static_cast<mqtt::property_owner>(choice % 14);
  const auto from = choice >= 128 ? mqtt::sender::server : mqtt::sender::client;
  const exact_copy block{input.subspan(1)};
  const auto checked = mqtt::check_properties(block.view(), owner, from);
  if (!checked) {
    FUZZ_REQUIRE(*checked.error().clause != '\0' && *checked.error().what != '\0');
    return;
  }
  FUZZ_REQUIRE(same(checked->bytes(), block.view()));
  check_lookups(*checked);
  check_lookups(mqtt::properties_view{block.view()});
  const base::bytes rebuilt = rebuild(*checked);
  FUZZ_REQUIRE(same(rebuilt, block.view()));
  check_forwarding(*checked);
}

}  // namespace godwit::fuzz
