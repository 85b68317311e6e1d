#pragma once

#include "journal.hpp"

#include <godwit/store/store.hpp>

#include <array>
#include <atomic>
#include <condition_variable>
#include <deque>
#include <functional>
#include <map>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

namespace godwit::store_rocksdb {

/// Reads bodies on a thread of its own. Thread-safe.
class fetcher {
 public:
  /// `tables_lock` guards the journal's tables. `on_answer` and `on_error` are called on the
  /// fetcher's thread.
  fetcher(journal& from, std::mutex& tables_lock, std::function<void()> on_answer,
          std::function<void(const std::string&)> on_error);
  /// Requests that wait are dropped.
  ~fetcher();
  /// Ends the thread; requests that wait are dropped.
  void stop();

  void request(store::fetch_request&& wanted);
  [[nodiscard]] std::vector<store::fetched> take(std::uint8_t shard);
  /// Committer: chunks up to this one can be read.
  void committed(std::uint64_t chunk);
  [[nodiscard]] std::uint64_t bodies() const noexcept {
    return bodies_.load(std::memory_order_relaxed);
  }

 private:
  struct place {
    std::uint64_t number = 0;
    body_location where;
    std::size_t request = 0;  // which of those that are answered together
    std::size_t index = 0;    // in the request
  };
  enum class outcome : std::uint8_t { done, not_yet, moved, failed };

  void run();
  [[nodiscard]] std::vector<store::fetch_request> take_waiting();
  [[nodiscard]] outcome answer(const std::vector<store::fetch_request>& wanted,
                               std::vector<store::fetched>& to);
  [[nodiscard]] std::vector<place> find_places(const std::vector<store::fetch_request>& wanted);
  [[nodiscard]] outcome read(database& db, const std::vector<place>& places,
                             std::vector<store::fetched>& to);

  journal& journal_;
  std::mutex& tables_lock_;
  std::function<void()> on_answer_;
  std::function<void(const std::string&)> on_error_;
  std::mutex lock_;
  std::condition_variable news_;
  std::deque<store::fetch_request> waiting_;
  std::map<std::uint8_t, std::vector<store::fetched>> answered_;
  std::uint64_t committed_;
  std::uint64_t commits_seen_ = 0;
  bool stopped_ = false;
  std::atomic<std::uint64_t> bodies_{0};
  std::thread thread_;
};

}  // namespace godwit::store_rocksdb
