#pragma once

#include "internal_options.hpp"

#include <godwit/store_rocksdb/rocksdb_store.hpp>

#include <condition_variable>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

namespace godwit::test {

class real_clock final : public base::clock {
 public:
  [[nodiscard]] base::moment now() const noexcept override;
};

/// Names of events, from any thread.
class event_names final : public observe::log_sink {
 public:
  void write(const observe::log_event& event) noexcept override;
  [[nodiscard]] bool has(std::string_view name) const;

 private:
  mutable std::mutex lock_;
  std::vector<std::string> names_;
};

/// Small everything, so that little work reaches every limit.
[[nodiscard]] store_rocksdb::options small_options(std::string directory);

/// A store with what a test needs around it.
class opened_store {
 public:
  explicit opened_store(const store_rocksdb::options& how,
                        const store_rocksdb::internal_options& seams = {});
  ~opened_store();

  [[nodiscard]] store_rocksdb::rocksdb_store& operator*() noexcept { return *store_; }
  [[nodiscard]] store_rocksdb::rocksdb_store* operator->() noexcept { return store_.get(); }
  /// Submits and waits until it is durable; false if the store has failed or a deadline passes.
  bool commit(store::batch records);
  /// Waits for news until it is so; false at the deadline.
  [[nodiscard]] bool wait_until(const std::function<bool()>& is_so);
  [[nodiscard]] bool logged(std::string_view event) const { return events_->has(event); }

 private:
  real_clock clock_;
  event_names* events_;
  observe::logger log_;
  std::mutex lock_;
  std::condition_variable news_;
  std::unique_ptr<store_rocksdb::rocksdb_store> store_;
};

}  // namespace godwit::test
