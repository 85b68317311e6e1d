#include "memory_tables.hpp"

#include <godwit/base/assert.hpp>
#include <godwit/store/memory_store.hpp>

#include <algorithm>
#include <atomic>
#include <deque>
#include <limits>
#include <map>
#include <mutex>
#include <shared_mutex>

namespace godwit::store {

// The lock is what every shard meets at the end of its turn; it is held while one batch is applied
// to tables in memory, never while anything waits. A store stands outside the shards, like its
// disk.
struct memory_store::engine {
  explicit engine(mode m) : how{m} {}

  const mode how;
  mutable std::mutex lock;
  memory_tables tables;
  std::deque<batch> waiting;
  std::uint64_t submitted = 0;
  std::atomic<std::uint64_t> durable{0};
  std::deque<fetch_request> waiting_fetches;
  std::map<std::uint8_t, std::vector<fetched>> answered;
  std::atomic<condition> state{condition::good};
  std::atomic<bool> has_room{true};
  std::size_t bodies_recovered = std::numeric_limits<std::size_t>::max();
  std::shared_mutex announce_lock;  ///< held while the announcement runs
  std::function<void()> announce;

  void announce_news() {
    const std::shared_lock guard{announce_lock};
    if (announce) announce();
  }
  void answer(const fetch_request& f);
};

void memory_store::engine::answer(const fetch_request& f) {
  fetched out{f.id, {}};
  out.messages.reserve(f.messages.size());
  for (const mqtt::message_number n : f.messages) out.messages.push_back(tables.find_message(n));
  answered[f.shard].push_back(std::move(out));
}

memory_store::memory_store(mode m) : engine_{std::make_unique<engine>(m)} {}
memory_store::~memory_store() = default;

ticket memory_store::submit(batch&& records) {
  GODWIT_ASSERT(!records.empty());
  batch mine = std::move(records);
  const std::scoped_lock guard{engine_->lock};
  const std::uint64_t number = ++engine_->submitted;
  if (engine_->how == mode::immediate) {
    engine_->tables.apply(std::move(mine));
    engine_->durable.store(number, std::memory_order_release);
  } else {
    engine_->waiting.push_back(std::move(mine));
  }
  return ticket{number};
}

ticket memory_store::durable() const noexcept {
  return ticket{engine_->durable.load(std::memory_order_acquire)};
}

void memory_store::on_news(std::function<void()> announce) {
  const std::scoped_lock guard{engine_->announce_lock};
  engine_->announce = std::move(announce);
}

high_water memory_store::recover(recovery_visitor& visitor) {
  const std::scoped_lock guard{engine_->lock};
  GODWIT_ASSERT(engine_->waiting.empty());
  return engine_->tables.recover(visitor, engine_->bodies_recovered);
}

condition memory_store::state() const noexcept {
  return engine_->state.load(std::memory_order_acquire);
}

bool memory_store::has_room() const noexcept {
  return engine_->has_room.load(std::memory_order_acquire);
}

void memory_store::fetch(fetch_request&& wanted) {
  {
    const std::scoped_lock guard{engine_->lock};
    if (engine_->how == mode::manual) {
      engine_->waiting_fetches.push_back(std::move(wanted));
      return;
    }
    engine_->answer(wanted);
  }
  engine_->announce_news();
}

std::vector<fetched> memory_store::take_fetched(std::uint8_t shard) {
  const std::scoped_lock guard{engine_->lock};
  const auto found = engine_->answered.find(shard);
  if (found == engine_->answered.end()) return {};
  auto out = std::move(found->second);
  engine_->answered.erase(found);
  return out;
}

void memory_store::commit(std::size_t count) {
  {
    const std::scoped_lock guard{engine_->lock};
    count = std::min(count, engine_->waiting.size());
    if (count == 0 || state() >= condition::full) return;
    for (std::size_t i = 0; i < count; ++i) {
      engine_->tables.apply(std::move(engine_->waiting.front()));
      engine_->waiting.pop_front();
    }
    engine_->durable.store(engine_->submitted - engine_->waiting.size(), std::memory_order_release);
  }
  engine_->announce_news();
}

std::size_t memory_store::waiting() const noexcept {
  const std::scoped_lock guard{engine_->lock};
  return engine_->waiting.size();
}

void memory_store::answer_fetches(std::size_t count) {
  {
    const std::scoped_lock guard{engine_->lock};
    count = std::min(count, engine_->waiting_fetches.size());
    if (count == 0) return;
    for (std::size_t i = 0; i < count; ++i) {
      engine_->answer(engine_->waiting_fetches.front());
      engine_->waiting_fetches.pop_front();
    }
  }
  engine_->announce_news();
}

std::size_t memory_store::waiting_fetches() const noexcept {
  const std::scoped_lock guard{engine_->lock};
  return engine_->waiting_fetches.size();
}

void memory_store::crash() {
  const std::scoped_lock guard{engine_->lock};
  engine_->waiting.clear();
  engine_->waiting_fetches.clear();
  engine_->answered.clear();
}

void memory_store::set_state(condition now) {
  engine_->state.store(now, std::memory_order_release);
  engine_->announce_news();
}

void memory_store::set_room(bool has_room) {
  engine_->has_room.store(has_room, std::memory_order_release);
  engine_->announce_news();
}

void memory_store::set_bodies_recovered(std::size_t count) {
  const std::scoped_lock guard{engine_->lock};
  engine_->bodies_recovered = count;
}

memory_store::contents memory_store::count() const {
  const std::scoped_lock guard{engine_->lock};
  return engine_->tables.count();
}

}  // namespace godwit::store
