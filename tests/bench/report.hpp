#pragma once

#include "histogram.hpp"
#include "ledger.hpp"
#include "process_probe.hpp"

#include <chrono>
#include <concepts>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace godwit::bench {

/// Named results in the order they were added; printed as lines and as one flat JSON object.
class report {
 public:
  void add(std::string_view key, std::string_view text);
  void add(std::string_view key, double number);
  void add(std::string_view key, std::integral auto number) {
    fields_.emplace_back(key, std::to_string(number));
  }

  /// Percentiles in microseconds under "latency_us_p50" and so on.
  void add(const histogram& latencies) { add("latency_us", latencies); }
  /// The same under another name than "latency_us".
  void add(std::string_view name, const histogram& latencies);
  void add(const faults& found);
  /// Adds "ok", and remembers for exit_status().
  void add_verdict(bool good);

  [[nodiscard]] int exit_status() const { return good_ ? 0 : 1; }
  [[nodiscard]] std::string lines() const;
  [[nodiscard]] std::string json() const;

 private:
  std::vector<std::pair<std::string, std::string>> fields_;  // value as JSON
  bool good_ = false;
};

/// Clock and CPU readings between two moments of a run.
class stopwatch {
 public:
  explicit stopwatch(const process_probe& broker) : broker_{broker} { start(); }

  void start();
  void stop();
  [[nodiscard]] double seconds() const;

  /// Adds under `prefix`: rate, CPU and octets written to a device per unit, for `count` units of
  /// work ("message", ...).
  void add_to(report& into, std::string_view prefix, std::string_view unit,
              std::uint64_t count) const;

 private:
  const process_probe& broker_;
  std::chrono::steady_clock::time_point begin_;
  std::chrono::nanoseconds elapsed_{0};
  std::chrono::nanoseconds cpu_{0};
  std::chrono::nanoseconds own_cpu_{0};
  std::uint64_t written_ = 0;
};

/// Adds the memory of the broker; nothing without a pid.
void add_memory(report& into, std::string_view prefix, const process_probe& broker);

/// Adds the growth between two readings divided by `count`, as octets per `unit`.
void add_growth(report& into, std::string_view unit, const std::optional<process_memory>& before,
                const std::optional<process_memory>& after, std::size_t count);

}  // namespace godwit::bench
