#pragma once

#include <godwit/store/store.hpp>

#include <condition_variable>
#include <cstdint>
#include <mutex>
#include <vector>

namespace godwit::daemon {

/// Reads messages that lie in the store only, for operators. Any thread; one reads at a time.
class body_reader {
 public:
  explicit body_reader(store::store& from) noexcept : from_{from} {}

  /// The messages in the order they were asked for; none where the store has it no more, or does
  /// not answer for some seconds.
  [[nodiscard]] std::vector<base::ref<const mqtt::message>> read(
      std::vector<mqtt::message_number> numbers);
  /// The store has news.
  void look() noexcept;

 private:
  store::store& from_;
  std::mutex one_at_a_time_;
  std::uint64_t last_ = 0;  // asked for
  std::mutex lock_;
  std::condition_variable news_;
  std::uint64_t looks_ = 0;
};

}  // namespace godwit::daemon
