#include "interest_row.hpp"

#include <godwit/base/assert.hpp>

#include <algorithm>

namespace godwit::routing {

namespace {

// A word is {key, counter}; 0 is a vacant slot, so the key 0 is taken for 1. {key, 0} is a slot
// that was left but still leads on to those behind it.
constexpr std::uint64_t vacant = 0;
constexpr std::uint32_t key_of(std::uint64_t word) noexcept {
  return static_cast<std::uint32_t>(word >> 32);
}
constexpr std::uint32_t counter_of(std::uint64_t word) noexcept {
  return static_cast<std::uint32_t>(word);
}
constexpr std::uint64_t word_of(std::uint32_t key, std::uint32_t counter) noexcept {
  return std::uint64_t{key} << 32 | counter;
}
constexpr std::uint32_t valid_key(std::uint32_t key) noexcept {
  return key == 0 ? 1 : key;
}

constexpr std::size_t capacity_least = 64;

}  // namespace

struct interest_row::table {
  explicit table(std::size_t capacity)
      : mask{capacity - 1}, words{std::make_unique<std::atomic<std::uint64_t>[]>(capacity)} {}

  [[nodiscard]] std::uint64_t read(std::size_t at) const noexcept {
    return words[at & mask].load(std::memory_order_acquire);
  }
  void write(std::size_t at, std::uint64_t word) noexcept {
    words[at & mask].store(word, std::memory_order_release);
  }

  const std::size_t mask;
  const std::unique_ptr<std::atomic<std::uint64_t>[]> words;
  std::size_t occupied = 0;  // not vacant; the writer's
};

interest_row::interest_row() {
  tables_.push_back(std::make_unique<table>(capacity_least));
  present_.store(tables_.back().get(), std::memory_order_release);
}
interest_row::~interest_row() = default;

bool interest_row::add(std::uint32_t key, std::uint32_t by) {
  key = valid_key(key);
  table* t = tables_.back().get();
  if ((t->occupied + 1) * 3 > (t->mask + 1) * 2) {
    t = &grown(*t, tables_);
    present_.store(t, std::memory_order_release);
  }
  std::size_t target = key;
  bool reused = false;
  for (std::size_t at = key;; ++at) {
    const std::uint64_t word = t->read(at);
    if (word == vacant) {
      if (!reused) {
        target = at;
        ++t->occupied;
      }
      break;
    }
    if (counter_of(word) == 0) {
      // Left slots are used again, but the key may still have a live one further on.
      if (!reused) target = at;
      reused = true;
    } else if (key_of(word) == key) {
      const std::uint32_t more = std::min(by, counter_max - counter_of(word));
      t->write(at, word_of(key, counter_of(word) + more));
      total_.fetch_add(more, std::memory_order_relaxed);
      return false;
    }
  }
  t->write(target, word_of(key, by));
  total_.fetch_add(by, std::memory_order_relaxed);
  return true;
}

bool interest_row::remove(std::uint32_t key) {
  key = valid_key(key);
  table& t = *tables_.back();
  std::size_t at = key;
  std::uint64_t word = t.read(at);
  while (key_of(word) != key || counter_of(word) == 0) {
    GODWIT_ASSERT(word != vacant);
    word = t.read(++at);
  }
  if (counter_of(word) == counter_max) return false;
  total_.fetch_sub(1, std::memory_order_relaxed);
  t.write(at, word_of(key, counter_of(word) - 1));
  if (counter_of(word) > 1) return false;
  if (t.read(at + 1) == vacant) {
    // Nothing lies behind a run of left slots that ends here, so the run may go.
    for (; t.read(at) != vacant && counter_of(t.read(at)) == 0; --at) {
      t.write(at, vacant);
      --t.occupied;
    }
  }
  return true;
}

bool interest_row::contains(std::uint32_t key) const noexcept {
  key = valid_key(key);
  const table& t = *present_.load(std::memory_order_acquire);
  for (std::size_t at = key;; ++at) {
    const std::uint64_t word = t.read(at);
    if (word == vacant) return false;
    if (key_of(word) == key && counter_of(word) > 0) return true;
  }
}

std::size_t interest_row::capacity() const noexcept {
  return tables_.back()->mask + 1;
}

interest_row::table& interest_row::grown(const table& from,
                                         std::vector<std::unique_ptr<table>>& all) {
  // Always doubled, even if only left slots fill it: the old tables, which must stay, are then
  // together smaller than the new one.
  auto larger = std::make_unique<table>((from.mask + 1) * 2);
  for (std::size_t at = 0; at <= from.mask; ++at) {
    const std::uint64_t word = from.read(at);
    if (counter_of(word) == 0) continue;
    std::size_t to = key_of(word);
    while (larger->read(to) != vacant) ++to;
    larger->write(to, word);
    ++larger->occupied;
  }
  all.push_back(std::move(larger));
  return *all.back();
}

}  // namespace godwit::routing
