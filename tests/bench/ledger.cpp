#include "ledger.hpp"

namespace godwit::bench {

ledger::verdict ledger::accept(std::size_t cell, std::uint64_t sequence) {
  std::uint64_t& next = next_[cell];
  if (sequence == next) {
    ++next;
    return {.fresh = true, .skipped = 0, .was_missing = false};
  }
  if (sequence < next) return accept_late(cell, sequence);
  const std::uint64_t skipped = sequence - next;
  missing_[cell].emplace(next, sequence);
  next = sequence + 1;
  return {.fresh = true, .skipped = skipped, .was_missing = false};
}

ledger::verdict ledger::accept_late(std::size_t cell, std::uint64_t sequence) {
  const auto found = missing_.find(cell);
  if (found != missing_.end()) {
    ranges& holes = found->second;
    auto hole = holes.upper_bound(sequence);
    if (hole != holes.begin()) {
      --hole;
      const auto [first, end] = *hole;
      if (sequence < end) {
        holes.erase(hole);
        if (first < sequence) holes.emplace(first, sequence);
        if (sequence + 1 < end) holes.emplace(sequence + 1, end);
        ++out_of_order_;
        return {.fresh = true, .skipped = 0, .was_missing = true};
      }
    }
  }
  ++duplicated_;
  return {.fresh = false, .skipped = 0, .was_missing = false};
}

void ledger::close_cell(std::size_t cell, std::uint64_t published) {
  if (next_[cell] < published) lost_ += published - next_[cell];
  const auto found = missing_.find(cell);
  if (found == missing_.end()) return;
  for (const auto& [first, end] : found->second) lost_ += end - first;
}

}  // namespace godwit::bench
