#include "topic_trie.hpp"

#include "topic_hash.hpp"

#include <string>

namespace godwit::routing {

topic_trie::topic_trie(std::uint64_t seed) : seed_{seed} {
  chunks_.push_back(std::make_unique<node[]>(chunk_size));
}

topic_trie::inserted topic_trie::insert(std::string_view filter, const subscriber_entry& e) {
  subscriber_set& set = at(find_or_create(filter)).subscribers;
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
    const std::string_view rest = levels.rest();
    const std::string_view level = levels.next();
    const std::uint64_t level_hash = topic_hash::of(level, seed_);
    next_.clear();
    for (const node_id id : active_) {
      const node& n = at(id);
      if (n.literal_children > 0) {
        if (const node_id c = child(id, level, level_hash); c != none) {
          const std::string_view text = at(c).text.view();
          if (text.size() == level.size()) {
            next_.push_back(c);
          } else if (text == rest) {  // the leaf with this tail
            out.push_back(&at(c).subscribers);
          }
        }
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
    const std::string_view text = n.text.view();
    return n.parent == parent && text.starts_with(level) &&
           (text.size() == level.size() || text[level.size()] == '/');
  });
  return found == base::slot_table::none ? none : found;
}

topic_trie::node_id topic_trie::find(std::string_view filter) noexcept {
  node_id id = root;
  for (level_reader levels{filter}; levels.more();) {
    const std::string_view rest = levels.rest();
    const std::string_view level = levels.next();
    if (level == "+") {
      id = at(id).single_level;
    } else if (level == "#") {
      id = at(id).multi_level;
    } else {
      id = child(id, level, topic_hash::of(level, seed_));
      if (id == none) return none;
      const std::string_view text = at(id).text.view();
      if (text.size() != level.size()) return text == rest ? id : none;
    }
    if (id == none) return none;
  }
  return id;
}

topic_trie::node_id topic_trie::find_or_create(std::string_view filter) {
  const std::size_t last_wildcard = filter.find_last_of("+#");
  const std::size_t tail_at = last_wildcard == std::string_view::npos ? 0 : last_wildcard + 1;
  node_id id = root;
  bool is_new = false;  // and then so is all that is below
  for (level_reader levels{filter}; levels.more();) {
    const std::string_view rest = levels.rest();
    const std::string_view level = levels.next();
    if (level == "+" || level == "#") {
      id = wildcard(id, level);
      continue;
    }
    const node_id known = is_new ? none : child(id, level, topic_hash::of(level, seed_));
    if (known == none) {
      is_new = true;
      const bool is_tail = filter.size() - rest.size() >= tail_at;
      id = add_literal(id, is_tail ? rest : level);
      if (is_tail) return id;
      continue;
    }
    id = known;
    if (at(id).text.view().size() == level.size()) continue;
    if (at(id).text.view() == rest) return id;
    unroll(id, rest);
  }
  return id;
}

topic_trie::node_id topic_trie::wildcard(node_id parent, std::string_view level) {
  const auto place = level == "+" ? &node::single_level : &node::multi_level;
  if (at(parent).*place == none) {
    const node_id id = allocate();
    at(id).parent = parent;
    at(parent).*place = id;
  }
  return at(parent).*place;
}

topic_trie::node_id topic_trie::add_literal(node_id parent, std::string_view levels) {
  const node_id id = allocate();
  at(id).parent = parent;
  set_text(at(id), levels);
  edges_.insert(edge_hash(parent, topic_hash::of(first_level(levels), seed_)), id);
  ++at(parent).literal_children;
  return id;
}

/// Makes the levels that a leaf's tail has in common with another text, which is not the same,
/// nodes of their own. What is left of the tail is a leaf below them. All in one pass: a tail may
/// have 65,536 levels.
void topic_trie::unroll(node_id leaf, std::string_view towards) {
  const std::string tail{at(leaf).text.view()};
  level_reader levels{tail};
  level_reader others{towards};
  set_text(at(leaf), levels.next());
  static_cast<void>(others.next());
  node_id id = leaf;
  while (levels.more()) {
    const std::string_view rest = levels.rest();
    const std::string_view level = levels.next();
    const bool is_common = others.more() && others.next() == level;
    id = add_literal(id, is_common ? level : rest);
    if (!is_common) break;
  }
  at(id).subscribers.take(at(leaf).subscribers);
}

void topic_trie::set_text(node& n, std::string_view levels) {
  extra_bytes_ -= n.text.memory_size();
  n.text.assign(levels);
  extra_bytes_ += n.text.memory_size();
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
      edges_.erase(edge_hash(parent_id, topic_hash::of(first_level(n.text.view()), seed_)), id);
      --parent.literal_children;
      set_text(n, {});
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
