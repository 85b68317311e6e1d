#include "mailbox.hpp"

#include <godwit/base/assert.hpp>
#include <godwit/base/seeded_bug.hpp>

#include <algorithm>
#include <bit>
#include <utility>

namespace godwit::broker {

mail_class class_of(const letter& l) noexcept {
  if (std::holds_alternative<mail::share_deliver>(l)) return mail_class::forward;
  if (std::holds_alternative<mail::receipt>(l) || std::holds_alternative<mail::commit>(l) ||
      std::holds_alternative<mail::retained_page>(l) ||
      std::holds_alternative<mail::group_answer>(l) ||
      std::holds_alternative<mail::share_answer>(l) || std::holds_alternative<mail::credit>(l)) {
    return mail_class::reply;
  }
  return mail_class::request;
}

mailbox::mailbox(routing::shard_id self, std::size_t shards, std::uint32_t credit)
    : self_{self}, credit_{std::max<std::uint32_t>(credit, 1)}, lanes_(shards) {}

void mailbox::post(routing::shard_id to, letter&& l) {
  GODWIT_ASSERT(to != self_);
  lane& there = lanes_[to.value()];
  const auto c = static_cast<std::size_t>(class_of(l));
  if (c < limited) {
    if (there.used[c] >= credit_ || !there.backlog[c].empty()) {
      there.backlog[c].push_back(std::move(l));
      ++(c == 0 ? requests_waiting_ : forwards_waiting_);
      return;
    }
    ++there.used[c];
  }
  there.ready.push_back(std::move(l));
}

bool mailbox::is_clear(routing::shard_mask to) const noexcept {
  for (; to != 0; to &= to - 1) {
    const lane& there = lanes_[static_cast<std::size_t>(std::countr_zero(to))];
    if (there.used[0] >= credit_ || !there.backlog[0].empty()) return false;
  }
  return true;
}

void mailbox::receive(routing::shard_id from, mail_batch&& batch) {
  lane& there = lanes_[from.value()];
  for (letter& l : batch.letters) {
    if (const auto* back = std::get_if<mail::credit>(&l)) {
      GODWIT_ASSERT(back->requests <= there.used[0] && back->forwards <= there.used[1]);
      there.used[0] -= back->requests;
      there.used[1] -= back->forwards;
      move_backlog(there, 0);
      move_backlog(there, 1);
      continue;
    }
    const auto c = static_cast<std::size_t>(class_of(l));
    there.inbox[c].push_back(std::move(l));
    ++waiting_[c];
  }
}

void mailbox::move_backlog(lane& l, std::size_t c) {
  while (!l.backlog[c].empty() && l.used[c] < credit_) {
    if (GODWIT_SEEDED_BUG(backlog_backwards)) std::swap(l.backlog[c].front(), l.backlog[c].back());
    l.ready.push_back(std::move(l.backlog[c].front()));
    l.backlog[c].pop_front();
    ++l.used[c];
    --(c == 0 ? requests_waiting_ : forwards_waiting_);
  }
}

std::optional<mailbox::received> mailbox::take() {
  for (const auto cls : {mail_class::reply, mail_class::forward, mail_class::request}) {
    const auto c = static_cast<std::size_t>(cls);
    if (waiting_[c] == 0) continue;
    if (cls == mail_class::request && forwards_waiting_ != 0) continue;
    for (std::size_t i = 0; i < lanes_.size(); ++i) {
      const std::size_t who = (turn_[c] + i) % lanes_.size();
      auto& inbox = lanes_[who].inbox[c];
      if (inbox.empty()) continue;
      received r{routing::shard_id{static_cast<std::uint8_t>(who)}, std::move(inbox.front())};
      inbox.pop_front();
      --waiting_[c];
      if (c < limited) ++lanes_[who].handled[c];
      turn_[c] = who + 1;
      return r;
    }
  }
  return std::nullopt;
}

bool mailbox::has_work() const noexcept {
  return waiting_[2] != 0 || waiting_[1] != 0 || (waiting_[0] != 0 && forwards_waiting_ == 0);
}

void mailbox::flush(post_office& office) {
  const std::uint32_t enough = std::max<std::uint32_t>(1, credit_ / 4);
  for (std::size_t i = 0; i < lanes_.size(); ++i) {
    lane& there = lanes_[i];
    const bool worth_it = there.handled[0] >= enough || there.handled[1] >= enough;
    if (there.ready.empty() && !worth_it) continue;
    if (GODWIT_SEEDED_BUG(credit_of_forwards_lost)) there.handled[1] = 0;
    if (there.handled[0] + there.handled[1] != 0) {
      there.ready.emplace_back(
          mail::credit{std::exchange(there.handled[0], 0), std::exchange(there.handled[1], 0)});
    }
    letters_posted_ += there.ready.size();
    office.post(self_, routing::shard_id{static_cast<std::uint8_t>(i)},
                mail_batch{std::exchange(there.ready, {})});
  }
}

bool mailbox::is_idle() const noexcept {
  if (waiting_[0] + waiting_[1] + waiting_[2] + forwards_waiting_ + requests_waiting_ != 0) {
    return false;
  }
  return std::all_of(lanes_.begin(), lanes_.end(), [](const lane& l) { return l.ready.empty(); });
}

}  // namespace godwit::broker
