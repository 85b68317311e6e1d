#pragma once

#include "require.hpp"
#include "support/describe_packet.hpp"

#include <godwit/mqtt/decode.hpp>
#include <godwit/mqtt/encode.hpp>
#include <godwit/mqtt/utf8.hpp>
#include <godwit/mqtt/version_policy.hpp>

#include <cstring>
#include <memory>

namespace godwit::fuzz {

/// Small enough that the limit is met, too.
inline constexpr std::uint32_t packet_size_max = 65'536;

/// A copy that ends where its allocation ends, so that the sanitizer sees one byte too many.
class exact_copy {
 public:
  explicit exact_copy(base::bytes_view from)
      : bytes_{std::make_unique<std::byte[]>(from.size())}, size_{from.size()} {
    if (!from.empty()) std::memcpy(bytes_.get(), from.data(), from.size());
  }
  [[nodiscard]] base::bytes_view view() const { return {bytes_.get(), size_}; }

 private:
  std::unique_ptr<std::byte[]> bytes_;
  std::size_t size_;
};

/// Text that a 3.1 client may send is strict UTF-8 after the repair.
inline void check_text(std::string_view text, mqtt::protocol_version version) {
  const auto dialect = mqtt::policy_for(version).text_dialect;
  FUZZ_REQUIRE(mqtt::is_valid_utf8(text, dialect));
  const std::string repaired = mqtt::repair_utf8(text);
  FUZZ_REQUIRE(mqtt::is_valid_utf8(repaired));
  FUZZ_REQUIRE(mqtt::needs_utf8_repair(text) == (repaired != text));
}

/// Encodes what was decoded and decodes it again: nothing may have changed.
inline void check_round_trip(const mqtt::packet_view& packet, mqtt::protocol_version version,
                             mqtt::frame_source source) {
  base::bytes bytes;
  mqtt::encode(packet, version, bytes);
  const auto frame = mqtt::next_frame(bytes, version, source, mqtt::remaining_length_max);
  FUZZ_REQUIRE(frame.has_value() && frame->has_value());
  FUZZ_REQUIRE((*frame)->size == bytes.size());
  const auto again = mqtt::decode(**frame, version);
  FUZZ_REQUIRE(again.has_value());
  using description = test::packet_description;
  FUZZ_REQUIRE(description::of(*again) == description::of(packet));
  base::bytes twice;
  mqtt::encode(*again, version, twice);
  FUZZ_REQUIRE(twice == bytes);
}

/// A PUBLISH whose payload is sent from where it lies has the same bytes.
inline void check_pieces(const mqtt::publish_view& p, mqtt::protocol_version version) {
  base::bytes whole;
  mqtt::encode(p, version, whole);
  FUZZ_REQUIRE(mqtt::encoded_size(p, version) == whole.size());
  base::bytes head;
  const std::size_t id_at = mqtt::encode_publish_head(p, version, head);
  FUZZ_REQUIRE(id_at + 1 < head.size() && (id_at == 0) == (p.id.value() == 0));
  head.insert(head.end(), p.payload.begin(), p.payload.end());
  FUZZ_REQUIRE(head == whole);
}

inline void check_packet(const mqtt::packet_view& packet, mqtt::protocol_version version,
                         mqtt::frame_source source) {
  if (const auto* p = std::get_if<mqtt::publish_view>(&packet)) {
    check_text(p->topic, version);
    check_pieces(*p, version);
    FUZZ_REQUIRE((p->id.value() == 0) == (p->quality == mqtt::qos::at_most_once));
  }
  if (const auto* c = std::get_if<mqtt::connect_view>(&packet)) {
    check_text(c->client_id, c->version);
    check_round_trip(packet, c->version, source);
    return;
  }
  check_round_trip(packet, version, source);
}

/// A fault can be told: by its name, its clause, and in CONNACK if 3.x has a code for it.
inline void check_error(const mqtt::protocol_error& error) {
  FUZZ_REQUIRE(*error.clause != '\0' && *error.what != '\0');
  FUZZ_REQUIRE(mqtt::is_failure(error.code));
  FUZZ_REQUIRE(mqtt::is_known(static_cast<std::uint8_t>(error.code)));
  FUZZ_REQUIRE(std::string_view{mqtt::name(error.code)} != "unknown");
  const auto code = mqtt::connack_code_v3(error.code);
  FUZZ_REQUIRE(!code || (*code != 0 && *code <= 5));
}

inline void decode_as(base::bytes_view input, mqtt::protocol_version version,
                      mqtt::frame_source source) {
  while (!input.empty()) {
    const auto frame = mqtt::next_frame(input, version, source, packet_size_max);
    if (!frame || !*frame) {
      if (!frame) FUZZ_REQUIRE(*frame.error().clause != '\0' && *frame.error().what != '\0');
      return;
    }
    FUZZ_REQUIRE((*frame)->size <= packet_size_max && (*frame)->size <= input.size());
    const auto packet = mqtt::decode(**frame, version);
    if (!packet) {
      check_error(packet.error());
      return;
    }
    const auto* const connect = std::get_if<mqtt::connect_view>(&*packet);
    if (connect != nullptr) FUZZ_REQUIRE(mqtt::connect_version(**frame) == connect->version);
    check_packet(*packet, version, source);
    input = input.subspan((*frame)->size);
  }
}

/// The input is a stream of packets, read as if each side had sent it.
inline void decode_stream(base::bytes_view input, mqtt::protocol_version version) {
  const exact_copy copy{input};
  decode_as(copy.view(), version, mqtt::frame_source::client_before_connect);
  decode_as(copy.view(), version, mqtt::frame_source::client);
  decode_as(copy.view(), version, mqtt::frame_source::server);
}

}  // namespace godwit::fuzz
