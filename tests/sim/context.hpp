#pragma once

#include "fault.hpp"

#include <godwit/base/clock.hpp>
#include <godwit/base/random.hpp>

#include <cstddef>
#include <cstdint>
#include <deque>
#include <limits>
#include <string>
#include <string_view>
#include <vector>

namespace godwit::sim {

/// Orders everything that happens in one run; grows with every event.
using stamp = std::uint64_t;
inline constexpr stamp never = std::numeric_limits<stamp>::max();

/// What happened, line by line. The hash of all lines is what two runs of one seed must agree in.
class trace {
 public:
  explicit trace(bool echo) : echo_{echo} {}
  void line(stamp number, base::steady_time now, std::string_view text);
  [[nodiscard]] std::uint64_t hash() const noexcept { return hash_; }
  /// The newest lines.
  [[nodiscard]] std::string tail() const;

 private:
  static constexpr std::size_t kept_lines = 400;
  bool echo_;
  std::uint64_t hash_ = 0xcbf2'9ce4'8422'2325U;
  std::deque<std::string> kept_;
};

/// What all parts of one run share: the one source of chance, the time, the order of events, and
/// what went wrong.
struct context {
  context(std::uint64_t seed, bool echo) : random{seed}, lines{echo} {}

  base::prng random;
  base::moment now{base::steady_time{std::chrono::hours{1'000}},
                   base::wall_time{std::chrono::hours{500'000}}};
  stamp last = 0;
  trace lines;
  std::vector<std::string> violations;
  /// Durable things may be refused up to here; 0: there was no reason yet.
  stamp disk_low_until = 0;
  /// The same for CONNECTs and for QoS 0, for lack of memory.
  stamp memory_short_until = 0;
  fault_counts faults;

  stamp mark() { return ++last; }
  /// Notes an event; its stamp.
  stamp note(std::string_view text) {
    lines.line(++last, now.steady, text);
    return last;
  }
  void count(fault f) noexcept { faults.add(f); }
  /// The broker broke a rule.
  void fail(std::string text) {
    note("VIOLATION " + text);
    violations.push_back(std::move(text));
  }
  [[nodiscard]] bool was_disk_low_since(stamp s) const {
    return disk_low_until != 0 && disk_low_until >= s;
  }
  [[nodiscard]] bool was_memory_short_since(stamp s) const {
    return memory_short_until != 0 && memory_short_until >= s;
  }
  void pass(base::duration d) {
    now.steady += d;
    now.wall += std::chrono::duration_cast<std::chrono::milliseconds>(d);
  }

  [[nodiscard]] std::size_t below(std::size_t n) {
    return static_cast<std::size_t>(random.below(n));
  }
  [[nodiscard]] bool chance(unsigned percent) { return random.chance(percent, 100); }
  template <class T>
  [[nodiscard]] const T& one_of(const std::vector<T>& all) {
    return all[below(all.size())];
  }
};

}  // namespace godwit::sim
