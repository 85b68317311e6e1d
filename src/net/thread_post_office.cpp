#include <godwit/base/assert.hpp>
#include <godwit/net/thread_post_office.hpp>

#include <utility>

namespace godwit::net {

thread_post_office::thread_post_office(std::size_t shards) : inboxes_(shards) {}

void thread_post_office::set_sleeper(routing::shard_id shard, sleeper& who) noexcept {
  inboxes_[shard.value()].who = &who;
}

void thread_post_office::post(routing::shard_id from, routing::shard_id to,
                              broker::mail_batch&& batch) {
  GODWIT_ASSERT(to.value() < inboxes_.size());
  if (batch.letters.empty()) return;
  inbox& own = inboxes_[from.value()];
  count(own.posted);
  if (inboxes_[to.value()].letters.push({from, std::move(batch)})) own.to_wake.push_back(to);
}

void thread_post_office::wake_receivers(routing::shard_id from, how h) {
  inbox& own = inboxes_[from.value()];
  const bool stands_in = h == how::stand_in_or_ring && own.to_wake.size() == 1;
  for (const routing::shard_id to : own.to_wake) {
    sleeper& who = *inboxes_[to.value()].who;
    if (!stands_in || !who.stand_in()) who.ring();
  }
  own.to_wake.clear();
}

void thread_post_office::nudge(routing::shard_id shard) {
  inbox& in = inboxes_[shard.value()];
  if (in.nudged.exchange(true, std::memory_order_acq_rel)) return;
  if (in.letters.push({shard, {}})) in.who->ring();
}

void thread_post_office::nudge_all() {
  for (std::size_t i = 0; i < inboxes_.size(); ++i) {
    nudge(routing::shard_id{static_cast<std::uint8_t>(i)});
  }
}

bool thread_post_office::is_quiet() const noexcept {
  // In this order: what is posted in between makes the sums differ.
  std::uint64_t received = 0;
  for (const inbox& in : inboxes_) received += in.received.load(std::memory_order_acquire);
  std::uint64_t posted = 0;
  for (const inbox& in : inboxes_) posted += in.posted.load(std::memory_order_acquire);
  return posted == received;
}

bool thread_post_office::announce_sleep(routing::shard_id shard) noexcept {
  return inboxes_[shard.value()].letters.announce_sleep();
}

}  // namespace godwit::net
