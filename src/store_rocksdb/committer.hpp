#pragma once

#include "fetcher.hpp"
#include "files.hpp"
#include "journal.hpp"
#include "submit_queue.hpp"

#include <godwit/base/clock.hpp>
#include <godwit/observe/histogram.hpp>
#include <godwit/observe/log.hpp>
#include <godwit/store_rocksdb/rocksdb_store.hpp>

#include <atomic>
#include <functional>
#include <mutex>
#include <string>
#include <thread>

namespace godwit::store_rocksdb {

/// The thread that writes: takes everything that waits, one synced write, says so. Watches the
/// disk, and knows what to do when it is full or broken.
class committer {
 public:
  struct parts {
    options how;
    internal_options seams;
    const base::clock& clock;
    observe::logger& log;
    journal& to;
    submit_queue& queue;
    std::mutex& tables_lock;
    watermark_file& watermark;
    std::function<void()> announce;
    std::function<void(std::uint64_t)> committed;  ///< the chunk that can be read now
  };
  explicit committer(parts p);
  /// Commits what waits unless the disk does not let it.
  ~committer();

  [[nodiscard]] std::uint64_t durable() const noexcept {
    return durable_.load(std::memory_order_acquire);
  }
  [[nodiscard]] store::condition state() const noexcept {
    return state_.load(std::memory_order_acquire);
  }
  /// Final. Any thread.
  void fail(const std::string& why);
  [[nodiscard]] std::string failure() const;
  /// A moment's numbers. Any thread.
  [[nodiscard]] gauges read_gauges() const noexcept;
  /// How long the commits took, in µs. Any thread.
  [[nodiscard]] const observe::histogram& commit_times() const noexcept { return commit_times_; }
  /// The last chunk that is durable. Any thread.
  [[nodiscard]] std::uint64_t durable_chunk() const noexcept {
    return durable_chunk_.load(std::memory_order_acquire);
  }

 private:
  void run();
  void turn();
  void commit(submit_queue::group group);
  /// Writes until it works; false: it never will, or the store is being closed on a full disk.
  [[nodiscard]] bool write_chunk();
  [[nodiscard]] bool recover_from_full();
  void publish(const submit_queue::group& group);
  void look_at_disk();
  void set_state(store::condition now, std::string_view event, std::string_view why);
  [[nodiscard]] internal_options::disk_space space() const;
  [[nodiscard]] std::uint64_t low_disk_bytes(std::uint64_t size) const noexcept;
  void update_gauges();
  void look_at_memory();

  parts p_;
  ballast_file ballast_;
  std::atomic<std::uint64_t> durable_{0};
  std::atomic<std::uint64_t> durable_chunk_{0};
  std::atomic<store::condition> state_{store::condition::good};
  mutable std::mutex lock_;
  std::string failure_;
  gauges gauges_;
  std::uint64_t table_bytes_ = 0;
  base::steady_time next_look_{};
  observe::histogram commit_times_;
  std::uint64_t records_ = 0;
  std::uint64_t commits_ = 0;
  base::steady_time looked_at_disk_{};
  bool watermark_is_synced_ = true;
  std::thread thread_;
};

}  // namespace godwit::store_rocksdb
