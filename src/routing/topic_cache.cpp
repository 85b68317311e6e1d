#include "topic_cache.hpp"

#include <godwit/base/assert.hpp>
#include <godwit/base/checked_cast.hpp>

#include <algorithm>
#include <bit>
#include <utility>

namespace godwit::routing {

topic_cache::topic_cache(std::size_t entries_max)
    : entries_max_{entries_max},
      bytes_max_{std::max(entries_max * bytes_per_entry, bytes_max_least)} {}

bool topic_cache::accepts(std::string_view topic, std::size_t bytes) const noexcept {
  return entries_max_ > 0 && topic.size() <= topic_size_max && bytes <= bytes_max_ / 4;
}

bool topic_cache::admits(std::uint32_t hash) {
  constexpr std::size_t taken_at_once = 256;
  if (index_.size() < std::min(entries_max_, taken_at_once)) return true;
  constexpr std::size_t marks_max = std::size_t{1} << 20;
  if (asked_.empty())
    asked_.resize(std::bit_floor(std::clamp(entries_max_, std::size_t{1}, marks_max)));
  const auto mark = static_cast<std::uint16_t>(hash >> 16U | 1U);
  std::uint16_t& last = asked_[hash & (asked_.size() - 1)];
  if (last == mark) return true;
  // Each other time, so that of two that come in turn one stays long enough.
  toss_ = toss_ * 1'664'525 + 1'013'904'223;
  if (last == 0 || toss_ >> 31U != 0) last = mark;
  return false;
}

cached_topic& topic_cache::insert(std::string_view topic, std::uint32_t hash,
                                  resolved_topic&& resolved) {
  const std::size_t bytes = resolved.memory_size();
  GODWIT_ASSERT(accepts(topic, bytes));
  while (index_.size() > 0 && (index_.size() >= entries_max_ || bytes_ + bytes > bytes_max_)) {
    evict_one(nullptr);
  }
  if (vacant_.empty()) {
    vacant_.push_back(base::checked_cast<std::uint32_t>(entries_.size()));
    entries_.emplace_back();
  }
  const std::uint32_t at = vacant_.back();
  vacant_.pop_back();
  cached_topic& entry = entries_[at];
  entry.topic = topic;
  entry.hash = hash;
  // A topic that never comes again should be the first to go.
  entry.recently_used = false;
  entry.resolved = std::move(resolved);
  index_.insert(hash, at);
  bytes_ += bytes;
  return entry;
}

void topic_cache::exchange(cached_topic& entry, resolved_topic& resolved) noexcept {
  GODWIT_ASSERT(accepts(entry.topic, resolved.memory_size()));
  bytes_ += resolved.memory_size();
  bytes_ -= entry.resolved.memory_size();
  std::swap(entry.resolved, resolved);
  while (bytes_ > bytes_max_) evict_one(&entry);
}

void topic_cache::erase(cached_topic& entry) noexcept {
  const auto at = static_cast<std::uint32_t>(&entry - entries_.data());
  index_.erase(entry.hash, at);
  bytes_ -= entry.resolved.memory_size();
  entry.resolved = {};
  entry.topic.clear();
  entry.filters_generation = cached_topic::never;
  vacant_.push_back(at);
}

std::size_t topic_cache::memory_size() const noexcept {
  std::size_t topics = 0;
  for (const cached_topic& entry : entries_) topics += entry.topic.capacity();
  return entries_.capacity() * sizeof(cached_topic) + topics + bytes_ + index_.memory_size() +
         vacant_.capacity() * sizeof(std::uint32_t) + asked_.capacity() * sizeof(std::uint16_t);
}

void topic_cache::evict_one(const cached_topic* except) noexcept {
  for (;; ++hand_) {
    if (hand_ >= entries_.size()) hand_ = 0;
    cached_topic& entry = entries_[hand_];
    // A topic has at least one character, so an entry without one is vacant.
    if (entry.topic.empty() || &entry == except) continue;
    if (std::exchange(entry.recently_used, false)) continue;
    return erase(entry);
  }
}

}  // namespace godwit::routing
