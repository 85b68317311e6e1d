#pragma once

#include <godwit/mqtt/types.hpp>

#include <cstdint>
#include <memory>
#include <unordered_map>
#include <vector>

namespace godwit::session {

/// The packet ids of QoS 2 PUBLISHes that came from the client and are not released yet: what keeps
/// a repeated PUBLISH from being delivered twice, also over reconnects. [v311 MQTT-4.3.3-2] One
/// slot per id, however often it is repeated. No memory while empty. One thread.
class qos2_receiver {
 public:
  enum class state : std::uint8_t {
    committing,  ///< its message is on the way to the disk; PUBREC follows
    committed,   ///< PUBREC may be (or was) sent
  };
  /// True if the id is new: the message counts. False: a repetition.
  bool begin(mqtt::packet_id id);
  void commit(mqtt::packet_id id) noexcept;
  /// PUBREL: the id is free again. False: it was not known.
  bool release(mqtt::packet_id id) noexcept;
  /// The publish could not be taken after all; the id is forgotten.
  void abandon(mqtt::packet_id id) noexcept { release(id); }

  [[nodiscard]] bool contains(mqtt::packet_id id) const noexcept;
  [[nodiscard]] bool is_committing(mqtt::packet_id id) const noexcept;
  [[nodiscard]] std::size_t size() const noexcept { return ids_ ? ids_->size() : 0; }
  /// Heap bytes, about.
  [[nodiscard]] std::size_t memory_size() const noexcept {
    return ids_ ? 80 + ids_->size() * 40 : 0;
  }
  void restore(const std::vector<mqtt::packet_id>& ids);

 private:
  std::unique_ptr<std::unordered_map<std::uint16_t, state>> ids_;
};

}  // namespace godwit::session
