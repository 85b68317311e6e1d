#include "engine.hpp"

/// Queued messages beyond the memory budget: their bodies leave memory once the store has them and
/// come back in pages (docs/threading.md, "Bodies on disk").

namespace godwit::broker {

void shard_engine::spill_durable() {
  while (!to_spill_.empty() && to_spill_.front().batch.is_covered_by(durable_batch_)) {
    const spill_note note = to_spill_.front();
    to_spill_.pop_front();
    if (session_slot* const s = find(note.session)) s->log.spill(note.position);
  }
  constexpr std::uint32_t keep = 1'024;
  if (to_spill_.empty() && to_spill_.capacity() > keep) to_spill_.clear();
}

/// After a pump: the page that the log needs next, one at a time.
void shard_engine::want_bodies(session_handle h, session_slot& s) {
  if (s.log.spilled() == 0 || (s.extras && s.extras->is_fetching)) return;
  fetch(h, s, s.log.wanted(pump_rules(s), {}));
}

void shard_engine::want_bodies_to_share(session_handle h, session_slot& s) {
  if (s.log.spilled() == 0 || (s.extras && s.extras->is_fetching)) return;
  fetch(h, s, s.log.wanted_for_handover({}));
}

void shard_engine::fetch(session_handle h, session_slot& s, session::message_log::page&& page) {
  if (page.numbers.empty()) return;
  s.extra().is_fetching = true;
  const auto p = pages_.emplace();
  pages_.at(p) = {h, std::move(page.positions)};
  const std::uint64_t id = (std::uint64_t{p.generation} << 32) | p.index;
  ports.durable_store.fetch({self.value(), id, std::move(page.numbers)});
}

void shard_engine::take_bodies() {
  if (pages_.empty()) return;
  for (store::fetched& answer : ports.durable_store.take_fetched(self.value())) {
    on_bodies(std::move(answer));
  }
}

void shard_engine::on_bodies(store::fetched&& answer) {
  const base::handle<body_page> p{static_cast<std::uint32_t>(answer.id),
                                  static_cast<std::uint32_t>(answer.id >> 32)};
  if (pages_.find(p) == nullptr) return;
  const body_page page = std::move(pages_.at(p));
  pages_.erase(p);
  session_slot* const s = find(page.session);
  if (s == nullptr) return;
  s->extras->is_fetching = false;
  GODWIT_ASSERT(answer.messages.size() == page.positions.size());
  const bool hands_over = s->ended || s->extras->hands_over;
  const bool is_wanted = s->connection || hands_over;
  session::tally missing;
  for (std::size_t i = 0; i < page.positions.size(); ++i) {
    base::ref<const mqtt::message>& m = answer.messages[i];
    using fate = session::message_log::body_fate;
    if (m && (!is_wanted || s->log.put_body(page.positions[i], m) != fate::wrong)) continue;
    missing += s->log.lose_body(page.positions[i], records_);
  }
  if (missing.count != 0) {
    count_dropped(*s, observe::drop_reason::body_missing, missing, true);
    log(observe::log_level::error, "store.body_missing",
        {{"client", s->client_id}, {"messages", missing.count}, {"bytes", missing.bytes}});
  }
  list_for_pump(page.session, *s);
  if (hands_over) to_hand_over_.push_back(page.session);
}

}  // namespace godwit::broker
