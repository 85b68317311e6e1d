#pragma once

#include "context.hpp"
#include "support/test_broker.hpp"

#include <chrono>
#include <string>
#include <vector>

namespace godwit::sim {

enum class session_habit : std::uint8_t { always_clean, always_persistent, switching };

/// What a client of MQTT 5 does with it.
struct v5_plan {
  std::uint16_t receive_maximum = 0;  ///< 0 = does not say
  std::uint16_t alias_maximum = 0;    ///< topic aliases that it takes
  unsigned expiry_percent = 0;        ///< of its messages that are not retained
  unsigned no_local_percent = 0;      ///< of its subscriptions
  unsigned no_retained_percent = 0;   ///< of its subscriptions: Retain Handling 2
  bool gives_identifiers = false;     ///< each filter its own
  unsigned refuse_percent = 0;        ///< of the QoS 1 messages that it gets
  std::uint32_t will_delay_s = 0;
};

/// One scripted client, whatever connections it makes.
struct persona_plan {
  std::string client_id{};
  mqtt::protocol_version version = mqtt::protocol_version::v311;
  session_habit habit = session_habit::always_persistent;
  std::uint16_t keep_alive_s = 0;
  bool flapping = false;  ///< connects again and again with the same client id
  std::string share{};    ///< "$share/group/filter": its only subscription
  std::chrono::seconds session_expiry{0};
  unsigned retain_percent = 15;  ///< of what it publishes
  std::size_t topics = 6;        ///< it publishes to so many different ones
  std::uint16_t ids_max = 200;   ///< its packet ids come round after so many, if it can
  bool reads_at_once = false;    ///< the broker handles what it reads in the same turn
  v5_plan five{};
};

/// What the store is like besides being slow.
struct store_plan {
  unsigned trouble_percent = 0;      ///< of its steps: no room, low disk, full
  std::size_t bodies_recovered = 0;  ///< of each session, by a restart
};

/// What one seed stands for: the broker's options, the clients, and how hard the weather is.
struct plan {
  std::size_t shards = 1;
  test::test_broker::options broker{};
  store_plan store{};
  std::vector<persona_plan> personas{};
  std::size_t rude = 0;
  std::size_t steps = 0;
  std::optional<unsigned> memory_percent{};  ///< of the steps: it gets short; nothing: no budget
  unsigned cut_percent = 0;                  ///< of the network steps: reset, half close, stall
  unsigned chop_percent = 0;                 ///< of the moves: a few bytes only
  std::size_t crashes = 0;                   ///< at most
  std::size_t crash_every = 0;               ///< steps, about
  std::size_t store_failures = 0;
  std::size_t restarts = 0;
  unsigned latency_percent = 0;   ///< of the moves: nothing passes for a while
  std::size_t wire_capacity = 0;  ///< bytes between broker and client; 0 = no limit
  bool long_pauses = false;       ///< so long that keep alive runs out
};

/// Seeds from here on have clients of MQTT 5 among the others.
inline constexpr std::uint64_t first_seed_with_v5 = 1'000'000'000;

/// From here on these, and a budget for memory.
inline constexpr std::uint64_t first_seed_with_memory = 2'000'000'000;

enum class versions : std::uint8_t { three, three_and_five };
[[nodiscard]] plan make_plan(context& c, std::uint64_t seed);
[[nodiscard]] std::string describe(const plan& p);

/// Topics and filters that the clients use.
[[nodiscard]] const std::vector<std::string>& topics();
[[nodiscard]] const std::vector<std::string>& filters();
/// The Subscription Identifier that every client gives to a filter.
[[nodiscard]] std::uint32_t identifier_of(std::string_view filter);

}  // namespace godwit::sim
