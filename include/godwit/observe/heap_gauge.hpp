#pragma once

#include <algorithm>
#include <atomic>
#include <cstdint>
#include <optional>

namespace godwit::observe {

/// How much memory the process has for itself. One thread sets it, any thread reads it.
class heap_gauge {
 public:
  void set(std::uint64_t bytes) noexcept {
    current_.store(bytes, std::memory_order_relaxed);
    maximum_.store(std::max(bytes, maximum_.load(std::memory_order_relaxed)),
                   std::memory_order_relaxed);
  }
  /// Nothing: not known.
  [[nodiscard]] std::optional<std::uint64_t> current() const noexcept { return known(current_); }
  /// The most that was ever set.
  [[nodiscard]] std::optional<std::uint64_t> maximum() const noexcept { return known(maximum_); }

 private:
  using cell = std::atomic<std::uint64_t>;
  [[nodiscard]] static std::optional<std::uint64_t> known(const cell& c) noexcept {
    const std::uint64_t bytes = c.load(std::memory_order_relaxed);
    return bytes == 0 ? std::nullopt : std::optional{bytes};
  }

  cell current_{0};
  cell maximum_{0};
};

}  // namespace godwit::observe
