#include "subscription_merge.hpp"
#include "topic_cache.hpp"
#include "topic_hash.hpp"
#include "topic_trie.hpp"

#include <godwit/base/assert.hpp>
#include <godwit/base/seeded_bug.hpp>
#include <godwit/mqtt/topic.hpp>
#include <godwit/routing/router.hpp>

namespace godwit::routing {

struct router::engine {
  engine(shard_id own, interest_table& table, std::size_t cache_entries_max)
      : self{own}, interest{table}, trie{table.seed()}, cache{cache_entries_max} {}

  bool insert(std::string_view filter, const subscriber_entry& e);
  bool erase(std::string_view filter, const subscriber_entry& e);
  void changed(std::string_view filter);
  void match(std::string_view topic, resolved_topic& into);
  [[nodiscard]] shard_mask others(std::string_view topic) const noexcept;
  [[nodiscard]] std::uint32_t hash(std::string_view topic) const noexcept {
    return topic_hash::fold(topic_hash::of(topic, interest.seed()));
  }
  const resolution& refresh(cached_topic& entry, std::string_view topic,
                            std::uint64_t interest_now);
  const resolution& resolve_uncached(std::string_view topic, std::uint32_t topic_hash,
                                     std::uint64_t interest_now);

  const shard_id self;
  interest_table& interest;
  topic_trie trie;
  topic_cache cache;
  subscription_merge merge;
  std::vector<const subscriber_set*> sets;  // scratch of `match`
  /// What was resolved last and has no place in the cache: one message asks more than once.
  cached_topic last;
  std::uint64_t generation = 0;  // of the filters with wildcards
  std::size_t subscriptions = 0;
};

router::router(shard_id self, interest_table& interest, std::size_t cache_entries_max)
    : engine_{std::make_unique<engine>(self, interest, cache_entries_max)} {
  GODWIT_ASSERT(self.value() < interest.shards());
}
router::~router() = default;

router::outcome router::subscribe(std::string_view filter, subscriber_id subscriber,
                                  const subscription_options& options) {
  const bool added = engine_->insert(filter, subscriber_entry{subscriber, options});
  return added ? outcome::added : outcome::replaced;
}

bool router::unsubscribe(std::string_view filter, subscriber_id subscriber) {
  return engine_->erase(filter, subscriber_entry{subscriber, {}});
}

void router::add_group(std::string_view filter, group_id group) {
  engine_->insert(filter, subscriber_entry{group});
}

void router::remove_group(std::string_view filter, group_id group) {
  engine_->erase(filter, subscriber_entry{group});
}

const resolution& router::resolve(std::string_view topic) {
  GODWIT_ASSERT(!topic.empty());
  engine& e = *engine_;
  const std::uint32_t hash = e.hash(topic);
  // Before the table is asked: a change in between makes the answer stale, not wrong for good.
  const std::uint64_t interest_now = e.interest.generation();
  cached_topic* entry = e.cache.find(topic, hash);
  if (entry == nullptr) {
    if (e.last.hash != hash || e.last.topic != topic) {
      return e.resolve_uncached(topic, hash, interest_now);
    }
    entry = &e.last;
  }
  if (entry->filters_generation == e.generation &&
      (entry->interest_generation == interest_now || GODWIT_SEEDED_BUG(interest_cache_stale))) {
    return entry->resolved.answer;
  }
  return e.refresh(*entry, topic, interest_now);
}

std::size_t router::subscription_count() const noexcept {
  return engine_->subscriptions;
}
std::size_t router::node_count() const noexcept {
  return engine_->trie.node_count();
}
std::size_t router::memory_size() const noexcept {
  return sizeof(engine) + engine_->trie.memory_size() + engine_->cache.memory_size() +
         engine_->last.resolved.memory_size() + engine_->sets.capacity() * sizeof(void*);
}

bool router::engine::insert(std::string_view filter, const subscriber_entry& e) {
  const topic_trie::inserted done = trie.insert(filter, e);
  if (done.new_filter && !(GODWIT_SEEDED_BUG(interest_of_groups_missing) && e.is_group())) {
    interest.add(self, filter);
  }
  if (done.new_entry) ++subscriptions;
  changed(filter);
  return done.new_entry;
}

bool router::engine::erase(std::string_view filter, const subscriber_entry& e) {
  const topic_trie::erased done = trie.erase(filter, e);
  if (!done.found) return false;
  if (done.last_of_filter && !(GODWIT_SEEDED_BUG(interest_of_groups_missing) && e.is_group())) {
    interest.remove(self, filter);
  }
  --subscriptions;
  changed(filter);
  return true;
}

// A filter without wildcards concerns one topic: a client that subscribes and unsubscribes its own
// topic in a loop costs the others nothing.
void router::engine::changed(std::string_view filter) {
  if (mqtt::has_wildcard(filter)) {
    ++generation;
  } else if (cached_topic* const entry = cache.find(filter, hash(filter)); entry != nullptr) {
    entry->filters_generation = cached_topic::never;
  } else if (last.topic == filter) {
    last.filters_generation = cached_topic::never;
  }
}

void router::engine::match(std::string_view topic, resolved_topic& into) {
  sets.clear();
  trie.match(topic, sets);
  merge.run(sets, into);
}

shard_mask router::engine::others(std::string_view topic) const noexcept {
  return interest.shards() == 1 ? 0 : interest.interested(self, topic);
}

const resolution& router::engine::refresh(cached_topic& entry, std::string_view topic,
                                          std::uint64_t interest_now) {
  if (entry.filters_generation != generation) {
    if (&entry == &last) return resolve_uncached(topic, entry.hash, interest_now);
    match(topic, last.resolved);
    last.topic.clear();
    if (!cache.accepts(topic, last.resolved.memory_size())) {
      cache.erase(entry);
      last.resolved.answer.others = others(topic);
      return last.resolved.answer;
    }
    cache.exchange(entry, last.resolved);
    entry.filters_generation = generation;
  }
  entry.resolved.answer.others = others(topic);
  entry.interest_generation = interest_now;
  return entry.resolved.answer;
}

const resolution& router::engine::resolve_uncached(std::string_view topic, std::uint32_t topic_hash,
                                                   std::uint64_t interest_now) {
  match(topic, last.resolved);
  last.resolved.answer.others = others(topic);
  cached_topic* entry = &last;
  if (cache.admits(topic_hash) && cache.accepts(topic, last.resolved.memory_size())) {
    last.topic.clear();
    entry = &cache.insert(topic, topic_hash, std::move(last.resolved));
    last.resolved = {};
  } else if (topic.size() <= topic_cache::topic_size_max) {
    last.topic = topic;
    last.hash = topic_hash;
  } else {
    last.topic.clear();  // of no topic: none is empty
  }
  entry->filters_generation = generation;
  entry->interest_generation = interest_now;
  return entry->resolved.answer;
}

}  // namespace godwit::routing
