#pragma once

#include <godwit/base/assert.hpp>

#include <cstddef>
#include <iterator>
#include <utility>
#include <vector>

namespace godwit::base {

/// What is to be done in the next round, in order. Both of its buffers stay, so that rounds without
/// end allocate nothing. For one thread.
template <class T>
class work_list {
 public:
  void add(T item) { next_.push_back(std::move(item)); }
  [[nodiscard]] bool empty() const noexcept { return next_.empty(); }
  /// Calls `f` for each item that is there now; what `f` adds waits for the next call. `f` must not
  /// call this.
  template <class F>
  void take_each(F&& f) {
    GODWIT_ASSERT(running_.empty());
    running_.swap(next_);
    for (T& item : running_) f(item);
    running_.clear();
  }
  /// The same while `goes_on()`; items that are left then are the first of the next call.
  template <class P, class F>
  void take_while(P&& goes_on, F&& f) {
    GODWIT_ASSERT(running_.empty());
    running_.swap(next_);
    auto item = running_.begin();
    for (; item != running_.end() && goes_on(); ++item) f(*item);
    next_.insert(next_.begin(), std::make_move_iterator(item),
                 std::make_move_iterator(running_.end()));
    running_.clear();
  }

 private:
  std::vector<T> next_;
  std::vector<T> running_;
};

}  // namespace godwit::base
