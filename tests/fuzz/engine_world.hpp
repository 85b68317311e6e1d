#pragma once

#include "support/test_broker.hpp"

#include <godwit/mqtt/frame_reader.hpp>

#include <array>
#include <cstddef>
#include <memory>
#include <string>

namespace godwit::fuzz {

/// A broker in memory with up to four connections at a time, moved step by step by a fuzz input. It
/// looks at everything the broker sends, and at the broker itself after every step and at the end.
class engine_world {
 public:
  static constexpr std::size_t connections_max = 4;
  static constexpr std::size_t shards_max = 3;

  explicit engine_world(const test::test_broker::options& o);

  // ---- connections, by number
  void open(std::size_t i, std::size_t shard);
  /// Bytes from the client, as they are.
  void send(std::size_t i, base::bytes_view bytes);
  /// FIN: nothing more comes from the client.
  void close(std::size_t i);
  /// Reset: both sides lose what is on its way.
  void lose(std::size_t i);
  /// Reads and answers all that came, as a client of the standard does.
  void answer(std::size_t i);
  /// From now on the client's buffers hold this much.
  void stall(std::size_t i, std::size_t capacity);

  /// Which form the client's packets have.
  void speak(std::size_t i, mqtt::protocol_version v) { clients_[i].version = v; }
  [[nodiscard]] mqtt::protocol_version version(std::size_t i) const { return clients_[i].version; }

  // ---- the broker
  void pass(base::duration d);
  void commit(std::size_t batches);
  /// One turn; with `mail_batches` of the mail that waits, and events of connections or not.
  void turn(std::size_t shard, std::size_t mail_batches, bool connections);
  /// Turns until the broker has nothing to do; the store commits all the while.
  void rest();
  void crash(std::size_t shards);
  void restart(std::size_t shards);
  [[nodiscard]] std::size_t shards() const noexcept { return broker_.shards(); }

  /// Everybody goes, everything expires: nothing may be left, and the books must balance.
  void end();

 private:
  struct client {
    std::shared_ptr<test::memory_wire> wire{};
    base::bytes input{};
    bool has_connack = false;
    bool answers = false;
    mqtt::protocol_version version = mqtt::protocol_version::v311;
  };

  void read(client& c);
  /// One packet from the broker: may it come now, and what would a client answer?
  void on_packet(client& c, const mqtt::frame& f);
  void give_turns();
  void check_balance();
  void check_empty();

  base::moment now_;
  test::test_broker broker_;
  std::array<client, connections_max> clients_;
  std::size_t connections_opened_ = 0;
  base::duration session_expiry_;
};

}  // namespace godwit::fuzz
