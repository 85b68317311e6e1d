#include "subscription_merge.hpp"

#include <algorithm>

namespace godwit::routing {

namespace {

match first_match(const subscriber_entry& e) noexcept {
  return {.subscriber = subscriber_id{e.id()},
          .quality = e.quality(),
          .no_local = e.no_local(),
          .retain_as_published = e.retain_as_published(),
          .no_local_partly = false,
          .identifiers = {}};
}

// The same identifier twice stays twice: the receiver may count on it. [v5 3.3.4]
void add_overlapping(match& m, const subscriber_entry& e) noexcept {
  m.quality = std::max(m.quality, e.quality());
  m.no_local_partly = m.no_local_partly || m.no_local != e.no_local();
  m.no_local = m.no_local && e.no_local();
  m.retain_as_published = m.retain_as_published || e.retain_as_published();
}

}  // namespace

void subscription_merge::run(std::span<const subscriber_set* const> sets, resolved_topic& into) {
  into.subscribers.clear();
  into.groups.clear();
  into.identifiers.clear();
  gather(sets, into);
  if (sets.size() > 1) {
    std::sort(entries_.begin(), entries_.end(),
              [](const subscriber_entry& a, const subscriber_entry& b) { return a.id() < b.id(); });
  }
  into.subscribers.reserve(entries_.size());
  // Views into `identifiers` are taken while it grows, so it must not move.
  into.identifiers.reserve(static_cast<std::size_t>(
      std::count_if(entries_.begin(), entries_.end(),
                    [](const subscriber_entry& e) { return e.identifier() != 0; })));
  for (const subscriber_entry& e : entries_) {
    if (into.subscribers.empty() || into.subscribers.back().subscriber.value() != e.id()) {
      into.subscribers.push_back(first_match(e));
    } else {
      add_overlapping(into.subscribers.back(), e);
    }
    if (e.identifier() == 0) continue;
    into.identifiers.push_back(e.identifier());
    match& m = into.subscribers.back();
    const std::size_t known = m.identifiers.size();
    m.identifiers = {into.identifiers.data() + into.identifiers.size() - known - 1, known + 1};
  }
  into.answer.subscribers = into.subscribers;
  into.answer.groups = into.groups;
}

void subscription_merge::gather(std::span<const subscriber_set* const> sets, resolved_topic& into) {
  entries_.clear();
  std::size_t total = 0;
  for (const subscriber_set* set : sets) total += set->size();
  entries_.reserve(total);
  for (const subscriber_set* set : sets) {
    set->for_each([&](const subscriber_entry& e) {
      if (e.is_group()) {
        into.groups.push_back(group_id{e.id()});
      } else {
        entries_.push_back(e);
      }
    });
  }
}

}  // namespace godwit::routing
