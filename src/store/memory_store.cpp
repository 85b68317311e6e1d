#include "memory_tables.hpp"

#include <godwit/base/assert.hpp>
#include <godwit/store/memory_store.hpp>

#include <algorithm>
#include <atomic>
#include <deque>
#include <mutex>

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
  std::function<void()> announce;
};

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

void memory_store::on_durable(std::function<void()> announce) {
  const std::scoped_lock guard{engine_->lock};
  engine_->announce = std::move(announce);
}

high_water memory_store::recover(recovery_visitor& visitor) {
  const std::scoped_lock guard{engine_->lock};
  GODWIT_ASSERT(engine_->waiting.empty());
  return engine_->tables.recover(visitor);
}

void memory_store::commit(std::size_t count) {
  std::function<void()> announce;
  {
    const std::scoped_lock guard{engine_->lock};
    count = std::min(count, engine_->waiting.size());
    if (count == 0) return;
    for (std::size_t i = 0; i < count; ++i) {
      engine_->tables.apply(std::move(engine_->waiting.front()));
      engine_->waiting.pop_front();
    }
    engine_->durable.store(engine_->submitted - engine_->waiting.size(), std::memory_order_release);
    announce = engine_->announce;
  }
  if (announce) announce();
}

std::size_t memory_store::waiting() const noexcept {
  const std::scoped_lock guard{engine_->lock};
  return engine_->waiting.size();
}

void memory_store::crash() {
  const std::scoped_lock guard{engine_->lock};
  engine_->waiting.clear();
}

memory_store::contents memory_store::count() const {
  const std::scoped_lock guard{engine_->lock};
  return engine_->tables.count();
}

}  // namespace godwit::store
