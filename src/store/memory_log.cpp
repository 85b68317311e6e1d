#include "memory_log.hpp"

#include <godwit/base/assert.hpp>

namespace godwit::store {

std::uint32_t memory_log::lower_bound(log_position position) const noexcept {
  std::uint32_t low = 0;
  std::uint32_t high = entries_.size();
  while (low < high) {
    const std::uint32_t middle = low + (high - low) / 2;
    if (entries_[middle].what.position < position) {
      low = middle + 1;
    } else {
      high = middle;
    }
  }
  return low;
}

void memory_log::insert(memory_entry entry) {
  GODWIT_ASSERT(entry.what.message);
  const std::uint32_t place = lower_bound(entry.what.position);
  if (place < entries_.size() && entries_[place].what.position == entry.what.position) {
    GODWIT_ASSERT(is_hole(entries_[place]));
    entries_[place] = std::move(entry);
    --holes_;
    return;
  }
  entries_.emplace_back(std::move(entry));
  for (std::uint32_t i = entries_.size() - 1; i > place; --i) {
    std::swap(entries_[i], entries_[i - 1]);
  }
}

memory_entry* memory_log::find(log_position position) noexcept {
  const std::uint32_t place = lower_bound(position);
  if (place == entries_.size()) return nullptr;
  memory_entry& entry = entries_[place];
  return entry.what.position == position && !is_hole(entry) ? &entry : nullptr;
}

void memory_log::erase(log_position position) {
  const std::uint32_t place = lower_bound(position);
  if (place == entries_.size()) return;
  if (entries_[place].what.position != position || is_hole(entries_[place])) return;
  make_hole(place);
  trim();
}

void memory_log::make_hole(std::uint32_t index) {
  entries_[index].what.message = {};
  entries_[index].what.share.clear();
  ++holes_;
}

void memory_log::trim() {
  while (!entries_.empty() && is_hole(entries_.front())) {
    entries_.pop_front();
    --holes_;
  }
  if (holes_ > entries_.size() / 2) close_holes();
  if (entries_.empty() && entries_.capacity() > idle_capacity) entries_.clear();
}

void memory_log::close_holes() {
  base::ring<memory_entry> kept;
  while (!entries_.empty()) {
    if (!is_hole(entries_.front())) kept.emplace_back(std::move(entries_.front()));
    entries_.pop_front();
  }
  entries_ = std::move(kept);
  holes_ = 0;
}

}  // namespace godwit::store
