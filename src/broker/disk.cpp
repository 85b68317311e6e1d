#include "engine.hpp"

namespace godwit::broker {

void shard_engine::submit_batch() {
  if (records_.is_empty()) {
    GODWIT_ASSERT(unsubmitted_replies_.empty() && open_batch_waits_.empty());
    return;
  }
  const session::batch_number batch = records_.open_batch();
  const store::ticket t = ports.durable_store.submit(records_.take());
  GODWIT_ASSERT(submitted_.empty() || submitted_.back().ticket < t);
  submitted_.push_back({batch, t});
  for (auto& [to, what] : std::exchange(unsubmitted_replies_, {})) {
    if (auto* const receipt = std::get_if<mail::receipt>(&what)) receipt->ticket = t;
    if (auto* const taken = std::get_if<mail::share_answer>(&what)) taken->ticket = t;
    if (auto* const commit = std::get_if<mail::commit>(&what)) commit->ticket = t;
    mailbox_.post(to, std::move(what));
  }
  for (const durable_wait& w : std::exchange(open_batch_waits_, {})) {
    durable_waits_.push({t, wait_order_++, w});
  }
}

void shard_engine::note_unsettled(const std::string& client_id) {
  unsettled_.insert_or_assign(client_id, records_.open_batch());
  unsettled_order_.emplace_back(records_.open_batch(), client_id);
}

session::batch_number shard_engine::unsettled_batch(std::string_view client_id) const {
  if (unsettled_.empty()) return {};
  const auto found = unsettled_.find(std::string{client_id});
  return found == unsettled_.end() ? session::batch_number{} : found->second;
}

void shard_engine::release_durable() {
  const store::ticket durable = ports.durable_store.durable();
  while (!submitted_.empty() && submitted_.front().ticket <= durable) {
    durable_batch_ = submitted_.front().batch;
    submitted_.pop_front();
  }
  while (!unsettled_order_.empty() &&
         unsettled_order_.front().first.is_covered_by(durable_batch_)) {
    const auto& [batch, client_id] = unsettled_order_.front();
    const auto found = unsettled_.find(client_id);
    if (found != unsettled_.end() && found->second == batch) unsettled_.erase(found);
    unsettled_order_.pop_front();
  }
  spill_durable();
  while (!durable_waits_.empty() && durable_waits_.top().ticket <= durable) {
    const durable_wait w = durable_waits_.top().what;
    durable_waits_.pop();
    run(w);
  }
}

void shard_engine::wait_for(store::ticket t, durable_wait w) {
  durable_waits_.push({t, wait_order_++, w});
}

void shard_engine::wait_for(session::batch_number b, durable_wait w) {
  if (b == records_.open_batch()) {
    open_batch_waits_.push_back(w);
  } else {
    wait_for(ticket_of(b), w);
  }
}

void shard_engine::run(const durable_wait& w) {
  switch (w.what) {
    case durable_wait::kind::pending:
      if (pending_operation* const p = find_pending(w.id)) {
        GODWIT_ASSERT(p->outstanding == 0);
        if (is_durable(*p, ports.durable_store.durable())) complete(w.id);
      }
      break;
    case durable_wait::kind::commit:
      commit_tentative(mqtt::message_number{w.id});
      break;
    case durable_wait::kind::pump: {
      const session_handle h{static_cast<std::uint32_t>(w.id),
                             static_cast<std::uint32_t>(w.id >> 32)};
      if (session_slot* const s = find(h)) list_for_pump(h, *s);
      break;
    }
  }
}

bool shard_engine::is_durable(const pending_operation& p, store::ticket durable) const noexcept {
  if (GODWIT_SEEDED_BUG(receipt_ticket_ignored)) return p.batch.is_covered_by(durable_batch_);
  return p.batch.is_covered_by(durable_batch_) && p.ticket <= durable;
}

store::ticket shard_engine::ticket_of(session::batch_number batch) const noexcept {
  if (batch.is_covered_by(durable_batch_)) return {};
  for (const submitted_batch& s : submitted_) {
    if (s.batch == batch) return s.ticket;
  }
  GODWIT_ASSERT(false);
}

}  // namespace godwit::broker
