#include "topic_trie.hpp"

#include "topic_hash.hpp"

#include <godwit/base/checked_cast.hpp>

namespace godwit::routing {

topic_trie::topic_trie(std::uint64_t seed) : seed_{seed} {
  chunks_.push_back(std::make_unique<node[]>(chunk_size));
}

topic_trie::inserted topic_trie::insert(std::string_view filter, const subscriber_entry& e) {
  node_id id = root;
  bool is_new = false;  // and then so is all that is below
  for (level_reader levels{filter}; levels.more();) {
    const std::string_view level = levels.next();
    const node_id known = is_new ? none : step(id, level);
    is_new = known == none;
    id = is_new ? create(id, level) : known;
  }
  subscriber_set& set = at(id).subscribers;
  const bool new_filter = set.empty();
  extra_bytes_ -= set.memory_size();
  const bool new_entry = set.insert(e);
  extra_bytes_ += set.memory_size();
  return {new_entry, new_filter};
}

topic_trie::erased topic_trie::erase(std::string_view filter, const subscriber_entry& e) {
  const node_id id = find(filter);
  if (id == none) return {};
  subscriber_set& set = at(id).subscribers;
  extra_bytes_ -= set.memory_size();
  const bool found = set.erase(e);
  extra_bytes_ += set.memory_size();
  if (!found) return {};
  const bool last = set.empty();
  if (last) prune(id);
  return {true, last};
}

void topic_trie::match(std::string_view topic, std::vector<const subscriber_set*>& out) {
  // '#' and '+' in the first level do not see topics of the server. [v311 MQTT-4.7.2-1]
  bool wildcards = !topic.starts_with('$');
  const auto add_multi_level = [&](node_id id) {
    // '#' also matches its parent level. [v311 MQTT-4.7.1-2]
    if (const node_id multi = at(id).multi_level; multi != none) {
      out.push_back(&at(multi).subscribers);
    }
  };
  active_.assign(1, root);
  if (wildcards) add_multi_level(root);
  for (level_reader levels{topic}; levels.more(); wildcards = true) {
    const std::string_view level = levels.next();
    const std::uint64_t level_hash = topic_hash::of(level, seed_);
    next_.clear();
    for (const node_id id : active_) {
      const node& n = at(id);
      if (n.literal_children > 0) {
        if (const node_id c = child(id, level, level_hash); c != none) next_.push_back(c);
      }
      if (wildcards && n.single_level != none) next_.push_back(n.single_level);
    }
    active_.swap(next_);
    if (active_.empty()) return;
    for (const node_id id : active_) add_multi_level(id);
  }
  for (const node_id id : active_) {
    if (!at(id).subscribers.empty()) out.push_back(&at(id).subscribers);
  }
}

std::size_t topic_trie::memory_size() const noexcept {
  return sizeof *this + chunks_.size() * (chunk_size * sizeof(node) + sizeof(void*)) +
         edges_.memory_size() + extra_bytes_ +
         (active_.capacity() + next_.capacity()) * sizeof(node_id);
}

std::uint32_t topic_trie::edge_hash(node_id parent, std::uint64_t level_hash) noexcept {
  return topic_hash::fold(topic_hash::mix(level_hash, parent + topic_hash::stir_a));
}

topic_trie::node_id topic_trie::child(node_id parent, std::string_view level,
                                      std::uint64_t level_hash) noexcept {
  const node_id found = edges_.find(edge_hash(parent, level_hash), [&](node_id id) {
    const node& n = at(id);
    return n.parent == parent && n.level.view() == level;
  });
  return found == slot_table::none ? none : found;
}

topic_trie::node_id topic_trie::step(node_id from, std::string_view level) noexcept {
  if (level == "+") return at(from).single_level;
  if (level == "#") return at(from).multi_level;
  return child(from, level, topic_hash::of(level, seed_));
}

topic_trie::node_id topic_trie::find(std::string_view filter) noexcept {
  node_id id = root;
  for (level_reader levels{filter}; levels.more();) {
    id = step(id, levels.next());
    if (id == none) return none;
  }
  return id;
}

topic_trie::node_id topic_trie::create(node_id from, std::string_view level) {
  const node_id id = allocate();
  node& n = at(id);
  n.parent = from;
  if (level == "+") {
    at(from).single_level = id;
  } else if (level == "#") {
    at(from).multi_level = id;
  } else {
    n.level.assign(level);
    extra_bytes_ += n.level.memory_size();
    edges_.insert(edge_hash(from, topic_hash::of(level, seed_)), id);
    ++at(from).literal_children;
  }
  return id;
}

topic_trie::node_id topic_trie::allocate() {
  ++node_count_;
  if (free_ != none) {
    const node_id id = free_;
    free_ = at(id).parent;
    return id;
  }
  if (fresh_ == chunks_.size() * chunk_size) {
    chunks_.push_back(std::make_unique<node[]>(chunk_size));
  }
  return fresh_++;
}

void topic_trie::prune(node_id leaf) noexcept {
  for (node_id id = leaf; id != root;) {
    node& n = at(id);
    if (!n.subscribers.empty() || n.literal_children > 0 || n.single_level != none ||
        n.multi_level != none) {
      return;
    }
    const node_id parent_id = n.parent;
    node& parent = at(parent_id);
    if (parent.single_level == id) {
      parent.single_level = none;
    } else if (parent.multi_level == id) {
      parent.multi_level = none;
    } else {
      edges_.erase(edge_hash(parent_id, topic_hash::of(n.level.view(), seed_)), id);
      --parent.literal_children;
      extra_bytes_ -= n.level.memory_size();
      n.level.clear();
    }
    n.parent = free_;
    free_ = id;
    --node_count_;
    id = parent_id;
  }
  if (node_count_ == 0) reset();
}

// Gives the memory of a great number of filters back when the last one has gone.
void topic_trie::reset() noexcept {
  GODWIT_ASSERT(node_count_ == 0 && extra_bytes_ == 0);
  edges_.clear();
  chunks_.resize(1);  // the root's
  free_ = none;
  fresh_ = 1;
}

}  // namespace godwit::routing
