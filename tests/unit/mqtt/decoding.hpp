#pragma once

#include "raw_packet.hpp"
#include "support/clause.hpp"

#include <godwit/mqtt/decode.hpp>
#include <godwit/mqtt/version_policy.hpp>

#include <gtest/gtest.h>

#include <array>
#include <optional>

namespace godwit::mqtt {

using codec_test::hex;
using codec_test::raw_packet;

inline constexpr std::array all_versions{protocol_version::v31, protocol_version::v311,
                                         protocol_version::v5};
inline constexpr std::uint32_t no_limit = 0xFFFFFFFF;

/// One whole packet, as a source that may send its type.
inline result<packet_view> decode_packet(bytes_view packet, protocol_version version,
                                         frame_source source = frame_source::client) {
  const auto f = next_frame(packet, version, source, no_limit);
  if (!f) return f.error();
  if (!*f) {
    ADD_FAILURE() << "the packet is not whole";
    return protocol_error{};
  }
  EXPECT_EQ((*f)->size, packet.size());
  return decode(**f, version);
}

/// The code by which the packet is refused, or nothing if it is accepted.
inline std::optional<reason_code> refusal(bytes_view packet, protocol_version version,
                                          frame_source source = frame_source::client) {
  const auto decoded = decode_packet(packet, version, source);
  if (decoded) return std::nullopt;
  EXPECT_STRNE(decoded.error().clause, "");
  EXPECT_STRNE(decoded.error().what, "");
  return decoded.error().code;
}

/// The clause that the refusal names.
inline std::string refused_by(bytes_view packet, protocol_version version,
                              frame_source source = frame_source::client) {
  const auto decoded = decode_packet(packet, version, source);
  return decoded ? "accepted" : decoded.error().clause;
}

/// The packet as the type expected; the bytes must outlive what is returned.
template <class View>
View decoded(const base::bytes& packet, protocol_version version,
             frame_source source = frame_source::client) {
  const auto any = decode_packet(packet, version, source);
  if (!any) {
    ADD_FAILURE() << any.error().what << " [" << any.error().clause << "]";
    return {};
  }
  const auto* view = std::get_if<View>(&*any);
  if (view == nullptr) {
    ADD_FAILURE() << "another packet type";
    return {};
  }
  return *view;
}

inline void PrintTo(reason_code code, std::ostream* out) {
  *out << name(code);
}

}  // namespace godwit::mqtt
