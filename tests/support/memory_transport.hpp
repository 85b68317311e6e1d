#pragma once

#include <godwit/broker/shard.hpp>
#include <godwit/broker/transport.hpp>

#include <cstddef>
#include <cstdint>
#include <limits>
#include <map>
#include <memory>
#include <utility>
#include <vector>

namespace godwit::test {

/// One connection between a scripted client and the broker: what a socket and its buffers are. Both
/// ends hold it; the client's end is worked by hand, the broker's by a `memory_transport`.
struct memory_wire {
  static constexpr std::size_t unlimited = std::numeric_limits<std::size_t>::max();

  base::bytes to_broker{};           ///< arrived, not read by the broker yet
  base::bytes to_client{};           ///< sent by the broker, not read by the client yet
  std::size_t capacity = unlimited;  ///< how much `to_client` holds before `send` is short
  std::uint64_t consumed = 0;        ///< bytes that the broker has read
  bool client_closed = false;        ///< FIN behind `to_broker`
  bool broker_closed = false;        ///< FIN behind `to_client`
  bool broken = false;               ///< reset: nothing passes any more
  bool is_moving = false;            ///< the broker's end is between two shards

  void break_now() {
    broken = true;
    to_broker.clear();
    to_client.clear();
  }
  [[nodiscard]] std::size_t room() const noexcept {
    return to_client.size() >= capacity ? 0 : capacity - to_client.size();
  }
};

/// The connections of one shard. Events happen only in `deliver`, inside the shard's turn. Bytes
/// are handed over in memory of their own that is gone after the call, so that a view kept too long
/// shows.
class memory_transport final : public broker::transport {
 public:
  /// A connection that the shard is to accept in its next turn.
  void accept(std::shared_ptr<memory_wire> wire, broker::peer_info peer);

  /// Is there anything that `deliver` would tell the shard?
  [[nodiscard]] bool has_events() const;
  /// Tells the shard everything that happened: new connections first, then the others in order.
  void deliver(broker::shard& shard);

  /// The shard is gone: every connection breaks.
  void break_all();
  [[nodiscard]] std::size_t size() const noexcept { return connections_.size(); }

  std::size_t send(broker::transport_id id, std::span<const base::bytes_view> pieces) override;
  void close(broker::transport_id id) override;
  void set_reading(broker::transport_id id, bool on) override;
  void read_once(broker::transport_id id) override;
  [[nodiscard]] std::unique_ptr<broker::detached_transport> detach(
      broker::transport_id id) override;
  [[nodiscard]] broker::transport_id attach(std::unique_ptr<broker::detached_transport> moved,
                                            std::uint64_t token) override;

 private:
  /// What one `read_once` takes at most.
  static constexpr std::size_t read_once_bytes = 4'096;

  struct connection {
    std::shared_ptr<memory_wire> wire;
    std::uint64_t token = 0;
    bool reading = true;
    bool wants_one_read = false;
    bool wants_writable = false;
  };
  enum class event : std::uint8_t { none, lost, bytes, end, writable };

  [[nodiscard]] static event next_event(const connection& c);
  void deliver_one(broker::shard& shard, std::uint32_t id, bool& writable_told);
  [[nodiscard]] std::uint32_t add(std::shared_ptr<memory_wire> wire, std::uint64_t token);
  [[nodiscard]] connection& at(broker::transport_id id);

  std::map<std::uint32_t, connection> connections_;
  std::vector<std::pair<std::shared_ptr<memory_wire>, broker::peer_info>> accepted_;
  std::uint32_t last_id_ = 0;
};

}  // namespace godwit::test
