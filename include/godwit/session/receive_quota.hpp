#pragma once

#include <godwit/mqtt/types.hpp>

#include <boost/container/flat_set.hpp>

#include <cstdint>

namespace godwit::session {

/// The QoS 1 and 2 messages of a client whose handshakes are open on this connection: what it must
/// keep below our Receive Maximum. [v5 MQTT-3.3.4-7] One thread.
class receive_quota {
 public:
  /// A PUBLISH came; false if it is one more than `most`. The same QoS 2 id counts once.
  [[nodiscard]] bool take(mqtt::qos quality, mqtt::packet_id id, std::uint16_t most) {
    if (quality == mqtt::qos::at_most_once) return true;
    if (quality == mqtt::qos::exactly_once && exactly_once_.contains(id.value())) return true;
    if (at_least_once_ + exactly_once_.size() >= most) return false;
    if (quality == mqtt::qos::at_least_once) {
      ++at_least_once_;
    } else {
      exactly_once_.insert(id.value());
    }
    return true;
  }
  /// An answer went out.
  void on_puback() noexcept {
    if (at_least_once_ != 0) --at_least_once_;
  }
  /// PUBCOMP, or a PUBREC that says no.
  void on_end(mqtt::packet_id id) noexcept { exactly_once_.erase(id.value()); }

 private:
  boost::container::flat_set<std::uint16_t> exactly_once_;
  std::uint32_t at_least_once_ = 0;
};

}  // namespace godwit::session
