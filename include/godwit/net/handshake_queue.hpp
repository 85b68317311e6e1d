#pragma once

#include <godwit/base/assert.hpp>

#include <cstdint>
#include <deque>
#include <utility>

namespace godwit::net {

/// Handshakes that wait for the time of their shard. Within each of two lines, of those that have
/// begun and of new ones, they keep their order; the lines take turns. So what was begun is soon
/// over instead of behind all who came later, and neither line can keep the other waiting for ever.
/// For one thread.
template <class T>
class handshake_queue {
 public:
  enum class line : std::uint8_t { begun, fresh };

  void add(line to, T item) { at(to).push_back(std::move(item)); }
  [[nodiscard]] bool empty() const noexcept { return begun_.empty() && fresh_.empty(); }
  /// The next one; there must be one.
  [[nodiscard]] T take() {
    GODWIT_ASSERT(!empty());
    const line other = next_ == line::begun ? line::fresh : line::begun;
    const line from = at(next_).empty() ? other : next_;
    next_ = from == line::begun ? line::fresh : line::begun;
    T item = std::move(at(from).front());
    at(from).pop_front();
    return item;
  }

 private:
  [[nodiscard]] std::deque<T>& at(line which) noexcept {
    return which == line::begun ? begun_ : fresh_;
  }
  std::deque<T> begun_;
  std::deque<T> fresh_;
  line next_ = line::begun;
};

}  // namespace godwit::net
