#include "decoding.hpp"
#include "support/describe_packet.hpp"
#include "support/random_packet.hpp"

#include <godwit/mqtt/encode.hpp>

namespace godwit::mqtt {
namespace {

using test::packet_description;

frame_source source_of(sender from) {
  return from == sender::client ? frame_source::client : frame_source::server;
}

class RoundTrip : public ::testing::TestWithParam<protocol_version> {};

TEST_P(RoundTrip, EncodedPacketsDecodeToThemselves) {
  const protocol_version v = GetParam();
  for (const sender from : {sender::client, sender::server}) {
    for (std::uint64_t seed = 1; seed <= 3000; ++seed) {
      SCOPED_TRACE(seed);
      test::random_packet random{seed};
      const packet_view made = random.make(v, from);
      base::bytes bytes;
      encode(made, v, bytes);
      const auto read = decode_packet(bytes, v, source_of(from));
      ASSERT_TRUE(read.has_value()) << read.error().what << packet_description::of(made);
      ASSERT_EQ(packet_description::of(*read), packet_description::of(made));
      base::bytes again;
      encode(*read, v, again);
      ASSERT_EQ(again, bytes);
    }
  }
}

/// Every packet, cut after every byte: first as the network does, then with a Remaining Length that
/// matches the cut, so that the decoder meets the end everywhere. The sanitizer watches the reads.
TEST_P(RoundTrip, CutPacketsAreWaitedForOrRefused) {
  clause("v311 MQTT-4.8.0-1");
  clause("v5 MQTT-4.13.1-1");
  clause("v31 M31-err-1");
  const protocol_version v = GetParam();
  for (const sender from : {sender::client, sender::server}) {
    for (std::uint64_t seed = 1; seed <= 150; ++seed) {
      SCOPED_TRACE(seed);
      test::random_packet random{seed * 7919};
      base::bytes whole;
      encode(random.make(v, from), v, whole);
      if (whole.size() > 2000) continue;
      const auto f = next_frame(whole, v, source_of(from), no_limit).value().value();
      for (std::size_t size = 0; size < whole.size(); ++size) {
        const base::bytes cut(whole.begin(), whole.begin() + static_cast<std::ptrdiff_t>(size));
        const auto waits = next_frame(cut, v, source_of(from), no_limit);
        ASSERT_TRUE(waits.has_value() && !waits->has_value());
      }
      for (std::size_t size = 0; size < f.body.size(); ++size) {
        const base::bytes body(f.body.begin(), f.body.begin() + static_cast<std::ptrdiff_t>(size));
        frame cut = f;
        cut.body = body;
        cut.size = size + 2;
        const auto read = decode(cut, v);
        if (!read) continue;
        base::bytes again;  // What is left may be a packet of its own: then it must be whole.
        encode(*read, v, again);
        ASSERT_LE(again.size(), size + 5);
      }
    }
  }
}

/// Flipped bits never do more than make another packet or an error.
TEST_P(RoundTrip, DamagedPacketsAreRefusedOrStillRoundTrip) {
  const protocol_version v = GetParam();
  test::random_source damage{42};
  for (const sender from : {sender::client, sender::server}) {
    for (std::uint64_t seed = 1; seed <= 3000; ++seed) {
      SCOPED_TRACE(seed);
      test::random_packet random{seed * 31};
      base::bytes bytes;
      encode(random.make(v, from), v, bytes);
      for (std::size_t flips = 1 + damage.below(3); flips > 0; --flips) {
        bytes[damage.below(bytes.size())] ^= static_cast<std::byte>(1U << damage.below(8));
      }
      const auto f = next_frame(bytes, v, source_of(from), no_limit);
      if (!f || !*f) continue;
      const auto read = decode(**f, v);
      if (!read) {
        ASSERT_STRNE(read.error().what, "");
        ASSERT_STRNE(read.error().clause, "");
        continue;
      }
      base::bytes again;
      encode(*read, v, again);
      const auto reread = decode_packet(again, v, source_of(from));
      ASSERT_TRUE(reread.has_value()) << reread.error().what;
      ASSERT_EQ(packet_description::of(*reread), packet_description::of(*read));
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Versions, RoundTrip, ::testing::ValuesIn(all_versions));

}  // namespace
}  // namespace godwit::mqtt
