#include "filter_scan.hpp"
#include "topic_order.hpp"

#include <godwit/base/assert.hpp>
#include <godwit/base/seeded_bug.hpp>
#include <godwit/routing/retained_index.hpp>

#include <map>
#include <set>

namespace godwit::routing {

namespace {

using message_ref = base::ref<const mqtt::message>;

struct message_order {
  using is_transparent = void;
  [[nodiscard]] static std::string_view topic(const message_ref& m) noexcept { return m->topic(); }
  [[nodiscard]] static std::string_view topic(std::string_view t) noexcept { return t; }
  template <class A, class B>
  [[nodiscard]] bool operator()(const A& a, const B& b) const noexcept {
    return topic_order::less(topic(a), topic(b));
  }
};

// A step of the walk costs a search in the tree, 1 to 2 µs, plus the length of what is compared: a
// page takes some milliseconds at most, however little it finds.
constexpr std::size_t work_max = 2000;
[[nodiscard]] std::size_t work_of(std::string_view topic) noexcept {
  return 1 + topic.size() / 256;
}

}  // namespace

/// The versions of topics that were cleared, by topic and by version. Bounded by whoever calls
/// `forget_below` often enough.
class cleared_topics {
 public:
  [[nodiscard]] bool is_newer_than(std::string_view topic, std::uint64_t version) const {
    const auto at = by_topic_.find(topic);
    return at != by_topic_.end() && at->second->first > version;
  }
  void remember(std::string_view topic, std::uint64_t version) {
    forget(topic);
    const auto [at, fresh] = by_topic_.try_emplace(std::string{topic});
    GODWIT_ASSERT(fresh);
    at->second = by_version_.emplace(version, at->first);
    content_size_ += topic.size();
  }
  void forget(std::string_view topic) {
    const auto at = by_topic_.find(topic);
    if (at == by_topic_.end()) return;
    by_version_.erase(at->second);
    erase(at);
  }
  void forget_below(std::uint64_t version) {
    while (!by_version_.empty() && by_version_.begin()->first < version) {
      erase(by_topic_.find(by_version_.begin()->second));
      by_version_.erase(by_version_.begin());
    }
  }
  [[nodiscard]] std::size_t memory_size() const noexcept {
    // A node of each map, and the topic where it is too long to lie in its node.
    constexpr std::size_t nodes = 64 + 80;
    constexpr std::size_t rounding = 8;
    return by_topic_.size() * (nodes + rounding) + content_size_;
  }

 private:
  using version_map = std::multimap<std::uint64_t, std::string_view>;
  using topic_map = std::map<std::string, version_map::iterator, std::less<>>;

  void erase(topic_map::iterator at) {
    content_size_ -= at->first.size();
    by_topic_.erase(at);
  }

  version_map by_version_;  // the views are into the keys of `by_topic_`
  topic_map by_topic_;
  std::size_t content_size_ = 0;  // of the topics
};

struct retained_index::engine {
  using message_set = std::set<message_ref, message_order>;

  void remove(message_set::iterator at) {
    content_size -= (*at)->content_size();
    messages.erase(at);
  }

  message_set messages;
  cleared_topics cleared;
  std::size_t content_size = 0;
};

retained_index::retained_index() : engine_{std::make_unique<engine>()} {}
retained_index::~retained_index() = default;

retained_index::outcome retained_index::set(base::ref<const mqtt::message> m) {
  GODWIT_ASSERT(m);
  engine& e = *engine_;
  const std::string_view topic = m->topic();
  const auto at = e.messages.lower_bound(topic);
  const bool present = at != e.messages.end() && (*at)->topic() == topic;
  if (GODWIT_SEEDED_BUG(retained_last_to_arrive_wins)) {
    e.cleared.forget(topic);
  } else if (present ? (*at)->retain_version() > m->retain_version()
                     : e.cleared.is_newer_than(topic, m->retain_version())) {
    return outcome::older;
  }
  if (m->payload().empty()) {
    if (!GODWIT_SEEDED_BUG(retained_cleared_forgotten)) {
      e.cleared.remember(topic, m->retain_version());
    }
    if (present) e.remove(at);
    return present ? outcome::cleared : outcome::absent;
  }
  e.content_size += m->content_size();
  if (!present) {
    e.cleared.forget(topic);
    e.messages.insert(at, std::move(m));
    return outcome::stored;
  }
  e.content_size -= (*at)->content_size();
  // The topic, which is all that the order sees, stays the same.
  const_cast<message_ref&>(*at) = std::move(m);
  return outcome::replaced;
}

void retained_index::forget_cleared_below(std::uint64_t version) {
  engine_->cleared.forget_below(version);
}

bool retained_index::erase(std::string_view topic) {
  const auto at = engine_->messages.find(topic);
  if (at == engine_->messages.end()) return false;
  engine_->remove(at);
  return true;
}

base::ref<const mqtt::message> retained_index::find(std::string_view topic) const {
  const auto at = engine_->messages.find(topic);
  return at == engine_->messages.end() ? message_ref{} : *at;
}

retained_index::page retained_index::match(std::string_view filter,
                                           const std::optional<std::string>& after,
                                           std::size_t count_max, std::size_t bytes_max) const {
  const engine::message_set& messages = engine_->messages;
  filter_scan scan{filter};
  const std::string_view first = scan.first_key();
  auto at = after && !topic_order::less(*after, first) ? messages.upper_bound(*after)
                                                       : messages.lower_bound(first);
  page result;
  std::size_t bytes = 0;
  std::size_t work = 0;
  std::string_view last;  // visited, and none after it was given out
  while (at != messages.end()) {
    const mqtt::message& m = **at;
    if (work > work_max) {
      result.next = last;
      return result;
    }
    work += work_of(m.topic());
    const filter_scan::verdict verdict = scan.visit(m.topic());
    if (verdict == filter_scan::verdict::complete) return result;
    if (verdict == filter_scan::verdict::match) {
      const std::size_t count = result.messages.size();
      if (count > 0 && (count >= count_max || bytes >= bytes_max)) {
        result.next = last;
        return result;
      }
      result.messages.push_back(*at);
      bytes += m.content_size();
    }
    last = m.topic();
    ++at;
    if (verdict == filter_scan::verdict::skip && at != messages.end() &&
        topic_order::less((*at)->topic(), scan.key())) {
      at = messages.lower_bound(scan.key());
    }
  }
  return result;
}

std::size_t retained_index::size() const noexcept {
  return engine_->messages.size();
}
std::size_t retained_index::content_size() const noexcept {
  return engine_->content_size;
}
std::size_t retained_index::memory_size() const noexcept {
  constexpr std::size_t allocator = 16;
  constexpr std::size_t each = sizeof(mqtt::message) + allocator + node_bytes;
  return engine_->messages.size() * each + engine_->content_size + engine_->cleared.memory_size();
}
std::size_t retained_index::node_count() const noexcept {
  return engine_->messages.size();
}

}  // namespace godwit::routing
