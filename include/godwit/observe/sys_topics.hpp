#pragma once

#include <godwit/base/clock.hpp>
#include <godwit/observe/counters.hpp>

#include <array>
#include <chrono>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace godwit::observe {

/// Moving averages per minute over 1, 5 and 15 minutes, as mosquitto publishes them: exponential,
/// starting at zero. For one thread.
class load_averages {
 public:
  enum class rate : std::uint8_t {
    messages_received,
    messages_sent,
    publish_dropped,
    publish_received,
    publish_sent,
    bytes_received,
    bytes_sent,
    sockets,
    connections,
    count_  // keep last
  };
  static constexpr std::size_t rates = static_cast<std::size_t>(rate::count_);
  static constexpr std::array periods{std::chrono::minutes{1}, std::chrono::minutes{5},
                                      std::chrono::minutes{15}};

  /// Counts from `start`, with all sums at zero then.
  explicit load_averages(base::steady_time start) noexcept : last_{start} {}

  /// Takes in what was counted since the last update; does nothing when no time has passed.
  void update(const totals& sums, base::steady_time now) noexcept;

  /// Per minute; `period` is an index into `periods`.
  [[nodiscard]] double per_minute(rate r, std::size_t period) const noexcept {
    return averages_.at(static_cast<std::size_t>(r)).at(period);
  }

 private:
  std::array<std::array<double, periods.size()>, rates> averages_{};
  std::array<std::uint64_t, rates> seen_{};
  base::steady_time last_;
};

/// What `$SYS` is computed from.
struct sys_values {
  const totals& sums;
  const load_averages& loads;
  std::string_view version;  // such as "0.1.0"
  base::duration uptime{};
  std::uint64_t clients_maximum = 0;     // most sessions there were at once
  const memory_gauge* memory = nullptr;  ///< null: not known
  /// By close reason; those beyond its end or with an empty name are left out.
  std::span<const std::string_view> close_names = {};
  std::span<const counters* const> shards = {};  ///< each for itself, too
  std::string_view store_state = {};             ///< empty: left out
};

struct sys_topic {
  std::string suffix;  // below "$SYS/broker/"
  std::string value;
};

inline constexpr std::string_view sys_prefix = "$SYS/broker/";

/// All topics below `$SYS/broker/` with their values as text: mosquitto 2.0's names, units and
/// formats, then our own below `godwit/` (the balance, drops and closes by reason).
[[nodiscard]] std::vector<sys_topic> sys_topics(const sys_values& values);

}  // namespace godwit::observe
