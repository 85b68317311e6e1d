#include "conformance/broker_test.hpp"

namespace godwit::conformance {
namespace {

/// What whole exchanges cost on the wire: MQTT 3.1 at QoS 0, a client id of four characters and a
/// topic of seven. The figures are those of IBM's talk on MQTT of 2012.
class ExchangeBytes : public broker_test {
 protected:
  /// Sends, takes what comes back, and counts both.
  std::string talk(peer& p, const std::string& bytes) {
    p.send(bytes);
    auto answer = take_all(p);
    total_ += bytes.size() + answer.size();
    return answer;
  }
  std::string take_all(peer& p) { return hex(p.look()); }
  void count(const std::string& bytes) { total_ += bytes.size(); }
  [[nodiscard]] std::size_t total() const { return total_; }

  const std::string topic = "sport/1";

 private:
  std::size_t total_ = 0;
};
INSTANTIATE_TEST_SUITE_P(Versions, ExchangeBytes, only_v31, name_of);

TEST_P(ExchangeBytes, ConnectPutDisconnect) {
  for (const auto& [puts, expected] : {std::pair{1U, 47U}, std::pair{100U, 2'126U}}) {
    const auto before = total();
    auto p = open();
    EXPECT_EQ(talk(p, hello("abcd").bytes()), connack(0, 0));
    for (unsigned i = 0; i < puts; ++i) {
      EXPECT_EQ(talk(p, publish{.topic = topic, .payload = "0123456789"}.bytes()), "");
    }
    EXPECT_EQ(talk(p, disconnect()), "");
    p.expect_end();
    EXPECT_EQ(total() - before, expected);
  }
}

TEST_P(ExchangeBytes, ConnectSubscribeGetDisconnect) {
  for (const auto& [gets, expected] : {std::pair{1U, 69U}, std::pair{100U, 2'445U}}) {
    const auto before = total();
    auto p = open();
    EXPECT_EQ(talk(p, hello("abcd").bytes()), connack(0, 0));
    EXPECT_EQ(talk(p, subscribe(1, {{topic, 0}})), suback(1, {0}));
    for (unsigned i = 0; i < gets; ++i) {
      const publish message{.topic = topic, .payload = "0123456789abc"};
      put(message);
      const auto got = take_all(p);
      EXPECT_EQ(got, message.bytes());
      count(got);
    }
    EXPECT_EQ(talk(p, disconnect()), "");
    p.expect_end();
    EXPECT_EQ(total() - before, expected);
  }
}

}  // namespace
}  // namespace godwit::conformance
