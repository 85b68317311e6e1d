#pragma once

#include <godwit/base/seeded_hash.hpp>
#include <godwit/session/limits.hpp>

#include <chrono>
#include <cstddef>
#include <cstdint>

namespace godwit::broker {

/// Options of one shard; the same on all shards of a broker.
struct shard_options {
  session::limits limits;
  std::size_t shards = 1;             ///< how many there are, at most 64
  std::uint64_t seed = 0;             ///< of the hashes that place clients, topics and groups
  std::uint32_t connections_max = 0;  ///< of this shard; 0 = none
  /// Content of queued QoS 1 and 2 messages that this shard keeps in memory, by the byte; beyond it
  /// a queued message of a persistent session lies in the store only. 0 = no limit.
  std::uint64_t queue_memory_bytes = 0;
  std::uint32_t turn_packets_max = 4'096;  ///< packets and copies handled before output is flushed
  std::uint32_t mail_credit = 4'096;       ///< unanswered mails of one class to one shard
  std::size_t topic_cache_entries = 65'536;
  std::size_t retained_page_messages = 256;
  std::size_t retained_page_bytes = 262'144;
  std::chrono::seconds sys_interval{10};  ///< `$SYS` is published so often; 0 = never
  bool client_events = false;             ///< connects and disconnects are published below `$SYS`
  std::size_t history_entries = 1'000;    ///< of them, what a shard remembers for operators

  /// For tables whose keys clients choose.
  [[nodiscard]] base::hash_seed hash_seed() const noexcept { return {seed, ~seed}; }
};

}  // namespace godwit::broker
