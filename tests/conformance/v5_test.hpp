#pragma once

#include "conformance/broker_test.hpp"
#include "conformance/doubles.hpp"
#include "conformance/wire_v5.hpp"

#include <string>
#include <vector>

namespace godwit::conformance::five {

inline const auto one_and_three_shards =
    testing::Values(setup{protocol_version::v5, 1}, setup{protocol_version::v5, 3});
inline std::string shards_of(const testing::TestParamInfo<setup>& info) {
  return "Shards" + std::to_string(info.param.shards);
}

/// One broker of one or three shards, and clients of MQTT 5.
class v5_test : public broker_test {
 protected:
  /// CONNECT and a CONNACK of code 0, which is kept in `connack`.
  [[nodiscard]] peer join(const connect& c);
  [[nodiscard]] peer join(const std::string& id) { return join(connect{.id = id}); }
  /// The answer to a CONNECT that is not let in; then the connection ends.
  [[nodiscard]] answer refusal_of(const std::string& bytes);
  /// A client with one subscription of these options, granted at the QoS that they ask for.
  [[nodiscard]] peer listen(const std::string& id, const std::string& filter, unsigned wanted = 0,
                            std::string_view properties = {});
  void subscribe_to(peer& p, const std::string& filter, unsigned wanted = 0,
                    std::string_view properties = {});
  /// Some client publishes, and has its answer.
  void put(const publish& p);

  /// Everything of it that came; no other packet may have come.
  [[nodiscard]] static std::vector<delivery> deliveries(peer& p);
  [[nodiscard]] static delivery only_delivery(peer& p);
  /// "topic=payload" of what came; acknowledged.
  [[nodiscard]] static texts payloads(peer& p);
  /// The one packet that came.
  [[nodiscard]] static answer only_answer(peer& p);
  /// DISCONNECT with this code came last, and then the end.
  static void expect_goodbye(peer& p, unsigned code);
  /// A client that sends this after its CONNACK is told this code.
  void expect_fault_code(const std::string& bytes, unsigned code);
  static void expect_alive(peer& p) { p.expect_alive(); }

  answer connack;
  unsigned names = 0;
};

}  // namespace godwit::conformance::five
