#include "interest_row.hpp"
#include "topic_hash.hpp"

#include <godwit/base/assert.hpp>
#include <godwit/base/seeded_bug.hpp>
#include <godwit/routing/interest_table.hpp>

#include <array>
#include <atomic>
#include <bit>

namespace godwit::routing {

namespace {

// Prefixes are told apart up to this many levels; a filter with a longer one is entered under its
// first levels, which can only over-report. It bounds the work for a topic of 65,535 levels.
constexpr std::size_t depth_max = 63;

// Exact filters and prefixes are hashed in domains of their own.
constexpr std::uint64_t exact_domain = 0xc2b2ae3d27d4eb4f;
constexpr std::uint64_t prefix_domain = 0x165667b19e3779f9;

// Chains level hashes, so that one pass over a topic gives the hashes of all its prefixes.
class prefix_hash {
 public:
  explicit prefix_hash(std::uint64_t seed) noexcept : seed_{seed}, chain_{seed} {}
  void add(std::string_view level) noexcept {
    chain_ = topic_hash::mix(chain_ ^ topic_hash::stir_a, topic_hash::of(level, seed_) | 1);
  }
  [[nodiscard]] std::uint32_t prefix() const noexcept { return finish(prefix_domain); }
  [[nodiscard]] std::uint32_t exact() const noexcept { return finish(exact_domain); }

 private:
  [[nodiscard]] std::uint32_t finish(std::uint64_t domain) const noexcept {
    return topic_hash::fold(topic_hash::mix(chain_ ^ domain, seed_ ^ topic_hash::stir_b));
  }
  std::uint64_t seed_;
  std::uint64_t chain_;
};

struct entry_key {
  std::uint32_t key = 0;
  bool is_exact = false;
  std::size_t depth = 0;  // levels of the prefix
};

entry_key key_of(std::string_view filter, std::uint64_t seed) noexcept {
  prefix_hash hash{seed};
  std::uint32_t prefix = hash.prefix();
  std::size_t depth = 0;
  for (level_reader levels{filter}; levels.more();) {
    const std::string_view level = levels.next();
    if (level == "+" || level == "#") return {prefix, false, depth};
    hash.add(level);
    if (depth < depth_max) {
      ++depth;
      if (!GODWIT_SEEDED_BUG(interest_prefix_not_chained)) prefix = hash.prefix();
    }
  }
  return {hash.exact(), true, depth};
}

}  // namespace

struct alignas(64) interest_table::row {
  /// Bit n: there are prefixes of n levels. Only these are asked for.
  std::atomic<std::uint64_t> depths{0};
  interest_row counters;
  std::array<std::uint64_t, depth_max + 1> filters_of_depth{};  // the writer's
};

struct interest_table::engine {
  engine(std::size_t shards, std::uint64_t seed_of_hashes) : seed{seed_of_hashes}, rows(shards) {}

  [[nodiscard]] row& at(shard_id shard) noexcept {
    GODWIT_ASSERT(shard.value() < rows.size());
    return rows[shard.value()];
  }

  const std::uint64_t seed;
  std::vector<row> rows;
  alignas(64) std::atomic<std::uint64_t> generation{0};
};

interest_table::interest_table(std::size_t shards, std::uint64_t seed)
    : engine_{std::make_unique<engine>(shards, seed)} {
  GODWIT_ASSERT(shards > 0 && shards <= shards_max);
}
interest_table::~interest_table() = default;

void interest_table::add(shard_id shard, std::string_view filter) {
  row& r = engine_->at(shard);
  const entry_key k = key_of(filter, engine_->seed);
  bool changed = r.counters.add(k.key);
  if (!k.is_exact && r.filters_of_depth[k.depth]++ == 0) {
    r.depths.fetch_or(std::uint64_t{1} << k.depth, std::memory_order_release);
    changed = true;
  }
  if (GODWIT_SEEDED_BUG(interest_change_not_announced) && k.is_exact) return;
  if (changed) engine_->generation.fetch_add(1, std::memory_order_release);
}

void interest_table::remove(shard_id shard, std::string_view filter) {
  row& r = engine_->at(shard);
  const entry_key k = key_of(filter, engine_->seed);
  bool changed = r.counters.remove(k.key);
  if (!k.is_exact) {
    GODWIT_ASSERT(r.filters_of_depth[k.depth] > 0);
    const std::uint64_t last = GODWIT_SEEDED_BUG(interest_depth_cleared_early) ? 1 : 0;
    if (--r.filters_of_depth[k.depth] <= last) {
      r.depths.fetch_and(~(std::uint64_t{1} << k.depth), std::memory_order_release);
      changed = true;
    }
  }
  if (changed) engine_->generation.fetch_add(1, std::memory_order_release);
}

shard_mask interest_table::interested(shard_id asking, std::string_view topic) const noexcept {
  const std::vector<row>& rows = engine_->rows;
  const shard_mask all = ~shard_mask{0} >> (shards_max - rows.size());
  shard_mask open = all & ~(shard_mask{1} << asking.value());
  shard_mask found = 0;
  std::array<std::uint64_t, shards_max> depths;
  for (shard_mask left = open; left != 0; left &= left - 1) {
    const auto shard = static_cast<std::size_t>(std::countr_zero(left));
    depths[shard] = rows[shard].depths.load(std::memory_order_acquire);
  }
  const auto ask = [&](std::uint32_t key, std::size_t depth) {
    for (shard_mask left = open; left != 0; left &= left - 1) {
      const auto shard = static_cast<std::size_t>(std::countr_zero(left));
      const bool worth_asking = depth > depth_max || (depths[shard] >> depth & 1) != 0;
      if (worth_asking && rows[shard].counters.contains(key)) found |= shard_mask{1} << shard;
    }
    open &= ~found;
  };

  prefix_hash hash{engine_->seed};
  std::size_t depth = 0;
  // A filter that begins with a wildcard has the empty prefix. [v311 MQTT-4.7.2-1]
  const bool is_missed = GODWIT_SEEDED_BUG(interest_empty_prefix_missed) && topic.starts_with('/');
  if (!topic.starts_with('$') && !is_missed) ask(hash.prefix(), depth);
  for (level_reader levels{topic}; levels.more() && open != 0;) {
    hash.add(levels.next());
    if (++depth <= depth_max) ask(hash.prefix(), depth);
  }
  if (open != 0) ask(hash.exact(), depth_max + 1);
  return found;
}

std::uint64_t interest_table::generation() const noexcept {
  return engine_->generation.load(std::memory_order_acquire);
}
std::size_t interest_table::shards() const noexcept {
  return engine_->rows.size();
}
std::uint64_t interest_table::seed() const noexcept {
  return engine_->seed;
}
std::uint64_t interest_table::count(shard_id shard) const noexcept {
  return engine_->at(shard).counters.total();
}

}  // namespace godwit::routing
