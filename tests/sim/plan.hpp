#pragma once

#include "context.hpp"
#include "support/test_broker.hpp"

#include <chrono>
#include <string>
#include <vector>

namespace godwit::sim {

enum class session_habit : std::uint8_t { always_clean, always_persistent, switching };

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
  unsigned cut_percent = 0;     ///< of the network steps: reset, half close, stall
  unsigned chop_percent = 0;    ///< of the moves: a few bytes only
  std::size_t crashes = 0;      ///< at most
  std::size_t crash_every = 0;  ///< steps, about
  std::size_t store_failures = 0;
  std::size_t restarts = 0;
  unsigned latency_percent = 0;   ///< of the moves: nothing passes for a while
  std::size_t wire_capacity = 0;  ///< bytes between broker and client; 0 = no limit
  bool long_pauses = false;       ///< so long that keep alive runs out
};

[[nodiscard]] plan make_plan(context& c);
[[nodiscard]] std::string describe(const plan& p);

/// Topics and filters that the clients use.
[[nodiscard]] const std::vector<std::string>& topics();
[[nodiscard]] const std::vector<std::string>& filters();

}  // namespace godwit::sim
