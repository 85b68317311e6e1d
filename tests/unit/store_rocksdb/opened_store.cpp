#include "opened_store.hpp"

#include <algorithm>
#include <chrono>

namespace godwit::test {

base::moment real_clock::now() const noexcept {
  return {base::steady_time{std::chrono::steady_clock::now().time_since_epoch()}, {}};
}

void event_names::write(const observe::log_event& event) noexcept {
  const std::scoped_lock guard{lock_};
  names_.emplace_back(event.event);
}

bool event_names::has(std::string_view name) const {
  const std::scoped_lock guard{lock_};
  return std::find(names_.begin(), names_.end(), name) != names_.end();
}

store_rocksdb::options small_options(std::string directory) {
  store_rocksdb::options o;
  o.directory = std::move(directory);
  o.ballast_bytes = 0;
  o.low_disk_bytes = 0;
  o.disk_check_every = std::chrono::milliseconds{20};
  o.write_buffer_bytes = 64U << 10U;
  o.wal_bytes_max = 256U << 10U;
  return o;
}

opened_store::opened_store(const store_rocksdb::options& how,
                           const store_rocksdb::internal_options& seams)
    : events_{new event_names},
      log_{clock_, std::unique_ptr<observe::log_sink>{events_}, observe::log_level::debug},
      store_{store_rocksdb::rocksdb_store::open(how, clock_, log_, seams)} {
  store_->on_news([this] {
    { const std::scoped_lock guard{lock_}; }
    news_.notify_all();
  });
}

opened_store::~opened_store() {
  store_.reset();
}

bool opened_store::commit(store::batch records) {
  const store::ticket t = store_->submit(std::move(records));
  return wait_until([&] {
           return store_->durable() >= t || store_->state() == store::condition::failed;
         }) &&
         store_->durable() >= t;
}

bool opened_store::wait_until(const std::function<bool()>& is_so) {
  std::unique_lock guard{lock_};
  // Some of what is waited for comes without news: then a look now and then finds it.
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds{20};
  while (!is_so()) {
    if (std::chrono::steady_clock::now() > deadline) return false;
    news_.wait_for(guard, std::chrono::milliseconds{20});
  }
  return true;
}

}  // namespace godwit::test
