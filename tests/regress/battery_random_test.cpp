#include "conformance/broker_test.hpp"

#include <random>

namespace godwit::conformance {
namespace {

class BatteryRandom : public broker_test {
 protected:
  using generator = std::mt19937;

  static unsigned below(generator& random, unsigned limit) {
    return static_cast<unsigned>(random() % limit);
  }
  static std::string good_packet(generator& random) {
    const unsigned id = below(random, 5);
    switch (below(random, 9)) {
      case 0:
        return publish{"a/b", "payload", below(random, 3), id}.bytes();
      case 1:
        return subscribe(id, {{"a/#", below(random, 3)}, {"$share/g/a/+", 1}});
      case 2:
        return unsubscribe(id, {"a/#", "x"});
      case 3:
        return ack(0x40U + 0x10U * below(random, 4), id);
      case 4:
        return pubrel(id);
      case 5:
        return pingreq();
      case 6:
        return publish{"r/" + std::to_string(id), "r", 1, 7, false, true}.bytes();
      case 7:
        return connect{.id = "again"}.bytes();
      default:
        return disconnect();
    }
  }
  /// Spoils some bytes, cuts some off or puts some in.
  static std::string spoil(generator& random, std::string bytes) {
    for (unsigned n = below(random, 4); n > 0 && !bytes.empty(); --n) {
      const auto at = below(random, static_cast<unsigned>(bytes.size()));
      switch (below(random, 4)) {
        case 0:
          bytes[at] = static_cast<char>(below(random, 256));
          break;
        case 1:
          bytes[at] = static_cast<char>(bytes[at] ^ (1 << below(random, 8)));
          break;
        case 2:
          bytes.erase(at, 1 + below(random, 3));
          break;
        default:
          bytes.insert(at, 1, static_cast<char>(below(random, 256)));
          break;
      }
    }
    return bytes;
  }
};
INSTANTIATE_TEST_SUITE_P(Versions, BatteryRandom, both_versions, name_of);

// Row 40: spoiled packets in great number stop nobody but those who send them.
TEST_P(BatteryRandom, SpoiledPacketsStopNobodyElse) {
  constexpr unsigned seed = 20'261'123;
  generator random{seed};
  auto bystander = listen("bystander", "by/#", 1);
  for (unsigned round = 0; round < 400; ++round) {
    SCOPED_TRACE("seed " + std::to_string(seed) + ", round " + std::to_string(round));
    auto p = open();
    auto c = hello("c" + std::to_string(below(random, 10)), below(random, 2) == 0);
    if (below(random, 2) == 0) c.will.emplace();
    p.send(below(random, 3) == 0 ? spoil(random, c.bytes()) : c.bytes());
    for (unsigned n = 0; n < 6; ++n) p.send(spoil(random, good_packet(random)));
    if (below(random, 2) == 0) broker().run();
    if (below(random, 4) == 0) p.cut();
    if (round % 20 != 0) continue;
    bystander.send(publish{"by/1", "x", 1, 9}.bytes());
    EXPECT_TRUE(bystander.take(4));
    EXPECT_EQ(bystander.drain(), texts{"by/1=x"});
  }
}

}  // namespace
}  // namespace godwit::conformance
