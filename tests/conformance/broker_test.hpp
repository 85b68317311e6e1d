#pragma once

#include "conformance/wire.hpp"
#include "support/clause.hpp"
#include "support/world.hpp"

#include <gtest/gtest.h>

#include <chrono>
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace godwit::conformance {

using std::chrono::milliseconds;
using std::chrono::seconds;
using texts = std::vector<std::string>;

inline constexpr protocol_version v31 = protocol_version::v31;
inline constexpr protocol_version v311 = protocol_version::v311;

/// A client that knows bytes only. A value that names one connection.
class peer {
 public:
  explicit peer(test::test_client socket) noexcept : socket_{std::move(socket)} {}

  void send(std::string_view bytes) { socket_.send(base::as_bytes(bytes)); }
  /// All bytes that came since the last look, as hex.
  [[nodiscard]] std::string look();
  /// All packets that came since the last look.
  [[nodiscard]] std::vector<received> packets();
  /// The deliveries among them: "topic=payload", in order. At QoS 1 and 2 they stay unanswered.
  [[nodiscard]] texts messages();
  /// The one delivery that came; a failure when it is not exactly one packet.
  [[nodiscard]] received message();
  /// Answers what comes until nothing more comes; "topic=payload" of every PUBLISH, in order.
  texts drain();

  /// Takes the first packet of this type; the others stay where they are.
  [[nodiscard]] std::optional<received> take(unsigned type);

  /// Exactly these bytes came since the last look.
  void expect(std::string_view bytes);
  /// Nothing came, and the connection is there.
  void expect_silence();
  /// Exactly these bytes came, and then the end of the connection.
  void expect_end(std::string_view bytes = {});
  /// A PINGREQ is answered: the connection works.
  void expect_alive();

  [[nodiscard]] bool closed() { return socket_.closed(); }
  /// The network fails, after what was sent has arrived.
  void cut();
  void finish() { socket_.close(); }  ///< FIN
  [[nodiscard]] test::test_client& socket() { return socket_; }

 private:
  /// Appends to `unread_` what has come since.
  std::string& fetch();

  test::test_client socket_;
  std::size_t seen_ = 0;
  std::string unread_;
};

/// One bad input and what is bad about it.
struct bad_input {
  std::string what;
  std::string bytes;
};

struct setup {
  protocol_version version = v311;
  std::size_t shards = 1;
};
void PrintTo(const setup& s, std::ostream* out);
[[nodiscard]] std::string name_of(const testing::TestParamInfo<setup>& info);

inline const auto both_versions =
    testing::Values(setup{v31, 1}, setup{v31, 3}, setup{v311, 1}, setup{v311, 3});
inline const auto only_v31 = testing::Values(setup{v31, 1}, setup{v31, 3});
inline const auto only_v311 = testing::Values(setup{v311, 1}, setup{v311, 3});

/// One broker of one or three shards, and clients of one protocol version. Options are set before
/// the first client comes.
class broker_test : public testing::TestWithParam<setup> {
 protected:
  void TearDown() override;

  [[nodiscard]] static protocol_version version() { return GetParam().version; }
  [[nodiscard]] static bool is_v31() { return version() == v31; }

  test::world_options options;
  /// The broker, made at first use.
  [[nodiscard]] test::world& broker();
  void pass(base::duration time) { broker().advance(time); }

  /// A connection that has sent nothing.
  [[nodiscard]] peer open(std::optional<std::size_t> shard = {});
  /// CONNECT and a CONNACK of code 0, whose first byte is kept in `session_present`. What came
  /// behind it is still to be read.
  [[nodiscard]] peer join(connect c);
  [[nodiscard]] peer join(const std::string& id) { return join({.version = version(), .id = id}); }
  [[nodiscard]] peer join_persistent(const std::string& id) {
    return join({.version = version(), .id = id, .clean = false});
  }
  [[nodiscard]] connect hello(const std::string& id, bool clean = true) const {
    return {.version = version(), .id = id, .clean = clean};
  }
  /// A client that has subscribed; the SUBACK must grant what was asked.
  [[nodiscard]] peer listen(const std::string& id, const std::string& filter, unsigned qos = 0);
  void subscribe_to(peer& p, const std::string& filter, unsigned qos = 0);
  /// Some client publishes, and has its answer.
  void put(const publish& p);
  /// What a new subscriber finds retained: "topic=payload".
  [[nodiscard]] texts retained(const std::string& filter, unsigned qos = 0);

  /// Each input ends a connection that sends it first: no byte comes back, nobody else notices.
  void expect_refused_silently(const std::vector<bad_input>& inputs);
  /// Each input ends a connection that had its CONNACK: no byte comes back, its will is published,
  /// nobody else notices.
  void expect_violations(const std::vector<bad_input>& inputs);
  /// The answer to this first packet is one CONNACK code and the end.
  void expect_connack_code(const std::string& bytes, unsigned code);

  /// The connection ends without another byte, and the log says once which rule was broken.
  void expect_fault(peer& p);

  unsigned session_present = 0;

 private:
  void expect_bystanders_work();

  std::optional<test::world> world_;
  std::vector<peer> everyone_;
  std::optional<peer> bystander_;
  unsigned names_ = 0;
};

}  // namespace godwit::conformance
