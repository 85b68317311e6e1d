#pragma once

#include "connection.hpp"

#include <atomic>
#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace godwit::bench {

/// What the relay does wrong with one delivery, to show that the generator sees it.
enum class mischief : std::uint8_t {
  none,
  drop,
  duplicate,
  swap,      ///< with the next delivery
  corrupt,   ///< one octet of the payload
  misroute,  ///< to another subscriber
  stall,     ///< from here on deliver nothing
  chatter,   ///< send unasked PINGRESPs to every subscriber
};

struct faults_wanted {
  mischief kind = mischief::none;
  std::uint64_t at = 0;  ///< the delivery to spoil, counted from 1
};

/// A bare relay: the least that can stand between the generator's publishers and subscribers. It
/// shows what the sockets alone cost, and, told to misbehave, that the generator notices. No
/// broker: no windows, no retry, no limits; wildcards are matched one by one.
class relay {
 public:
  /// Listens on 127.0.0.1 at `port`, 0 for any. Throws bench_error.
  explicit relay(std::uint16_t port, faults_wanted wanted = {});
  ~relay();

  [[nodiscard]] std::uint16_t port() const { return port_; }
  /// Serves until `stop` turns true (seen within 20 ms).
  void run(const std::atomic<bool>& stop);

 private:
  class peer;
  class listener;

  struct string_hash {
    using is_transparent = void;
    std::size_t operator()(std::string_view text) const {
      return std::hash<std::string_view>{}(text);
    }
  };
  struct stored_session {
    std::vector<std::string> filters{};
    std::deque<octets> queue{};  // whole packets
    protocol version = protocol::v311;
  };

  /// Waits to come after the next one to the same peer under the same topic.
  struct held_delivery {
    peer* to;
    std::string topic;
    octets payload;
    publish_view message;
  };

  void accept_all(int fd);
  void subscribe(peer& who, const std::string& filter);
  void unsubscribe_all(peer& who);
  void route(const publish_view& message, std::string_view topic);
  void deliver(peer& to, const publish_view& message, std::string_view topic);
  void spoil(peer& to, const publish_view& message, std::string_view topic);
  void emit(peer& to, const publish_view& message, std::string_view topic);

  event_loop loop_;
  std::uint16_t port_ = 0;
  faults_wanted wanted_;
  std::uint64_t deliveries_ = 0;
  std::optional<held_delivery> held_;
  std::unique_ptr<listener> listener_;
  std::vector<std::unique_ptr<peer>> peers_;
  std::unordered_map<std::string, std::vector<peer*>, string_hash, std::equal_to<>> exact_;
  std::vector<std::pair<std::string, peer*>> wildcards_;
  std::map<std::string, stored_session> away_;  // by client id
  std::map<std::string, octets> retained_;      // payload by topic
};

}  // namespace godwit::bench
