#include "subscriber_set.hpp"

#include "topic_hash.hpp"

#include <godwit/base/assert.hpp>

#include <algorithm>
#include <utility>

namespace godwit::routing {

bool subscriber_set::insert(const subscriber_entry& e) {
  subscriber_entry* at = locate(e);
  if (at != nullptr && !at->is_vacant()) {
    *at = e;
    return false;
  }
  if (size_ == 1 && capacity_ == 0) {
    resize(4);
  } else if (capacity_ != 0 && capacity_ <= array_max && size_ == capacity_) {
    resize(capacity_ * 2);
  } else if (is_table() && (size_ + 1) * 4 > std::size_t{capacity_} * 3) {
    resize(capacity_ * 2);
  }
  if (is_table()) {
    *locate(e) = e;
  } else {
    entries()[size_] = e;
  }
  ++size_;
  return true;
}

bool subscriber_set::erase(const subscriber_entry& e) {
  subscriber_entry* const at = locate(e);
  if (at == nullptr || at->is_vacant()) return false;
  if (is_table()) {
    erase_from_table(at);
  } else {
    *at = entries()[size_ - 1];
    entries()[size_ - 1] = {};
  }
  --size_;
  if (capacity_ != 0 && size_ <= 1) {
    resize(0);
  } else if (capacity_ > 4 && size_ * 4 <= capacity_) {
    resize(capacity_ / 2);
  }
  return true;
}

std::size_t subscriber_set::home(const subscriber_entry& e) const noexcept {
  // Slot numbers are ours, not the peer's: no seed needed, only spread.
  const std::uint64_t spread = e.id() * topic_hash::stir_a;
  return topic_hash::fold(spread) & (capacity_ - 1);
}

void subscriber_set::take(subscriber_set& other) noexcept {
  GODWIT_ASSERT(empty() && capacity_ == 0);
  size_ = std::exchange(other.size_, 0);
  capacity_ = std::exchange(other.capacity_, 0);
  if (capacity_ == 0) {
    single_ = other.single_;
  } else {
    many_ = other.many_;
  }
  other.single_ = {};
}

subscriber_entry* subscriber_set::locate(const subscriber_entry& e) noexcept {
  subscriber_entry* const all = entries();
  if (!is_table()) {
    subscriber_entry* const end = all + size_;
    subscriber_entry* const found =
        std::find_if(all, end, [&](const subscriber_entry& other) { return other.is_same(e); });
    return found == end ? nullptr : found;
  }
  std::size_t at = home(e);
  while (!all[at].is_vacant() && !all[at].is_same(e)) at = (at + 1) & (capacity_ - 1);
  return all + at;
}

void subscriber_set::erase_from_table(subscriber_entry* hole_at) noexcept {
  const std::size_t mask = capacity_ - 1;
  auto hole = static_cast<std::size_t>(hole_at - many_);
  for (std::size_t at = (hole + 1) & mask; !many_[at].is_vacant(); at = (at + 1) & mask) {
    if (((at - home(many_[at])) & mask) >= ((at - hole) & mask)) {
      many_[hole] = many_[at];
      hole = at;
    }
  }
  many_[hole] = {};
}

void subscriber_set::resize(std::uint32_t capacity) {
  subscriber_entry* const fresh = capacity == 0 ? nullptr : new subscriber_entry[capacity];
  subscriber_entry* const old = capacity_ == 0 ? nullptr : many_;
  const subscriber_entry only = capacity_ == 0 ? single_ : subscriber_entry{};
  const std::size_t old_end = is_table() ? capacity_ : size_;
  const subscriber_entry* const from = old == nullptr ? &only : old;

  if (capacity == 0) {
    const subscriber_entry* const left = std::find_if_not(
        from, from + old_end, [](const subscriber_entry& e) { return e.is_vacant(); });
    single_ = left == from + old_end ? subscriber_entry{} : *left;
    capacity_ = 0;
  } else {
    many_ = fresh;
    capacity_ = capacity;
    std::size_t filled = 0;
    for (std::size_t at = 0; at < old_end; ++at) {
      if (from[at].is_vacant()) continue;
      *(is_table() ? locate(from[at]) : many_ + filled++) = from[at];
    }
  }
  delete[] old;
}

void subscriber_set::release() noexcept {
  if (capacity_ != 0) delete[] many_;
  capacity_ = 0;
  size_ = 0;
}

}  // namespace godwit::routing
