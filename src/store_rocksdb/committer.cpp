#include "committer.hpp"

#include "status.hpp"

#include <algorithm>

namespace godwit::store_rocksdb {
namespace {

using store::condition;

constexpr std::uint64_t low_disk_default_max = std::uint64_t{1} << 30U;

}  // namespace

committer::committer(parts p)
    : p_{std::move(p)},
      ballast_{store_paths{p_.how.directory}.ballast, p_.how.ballast_bytes},
      durable_chunk_{p_.to.last()} {
  look_at_disk();
  update_gauges();
  thread_ = std::thread{[this] { run(); }};
}

committer::~committer() {
  p_.queue.stop();
  thread_.join();
}

void committer::run() {
  while (state() != condition::failed) {
    // RocksDB's own reading can fail, and so can memory; both end the store, not the process.
    try {
      turn();
    } catch (const std::exception& e) {
      fail(e.what());
    }
    if (p_.queue.is_stopped() && p_.queue.bytes() == 0) return;
    if (p_.queue.is_stopped() && state() >= condition::full) return;
  }
}

void committer::turn() {
  if (p_.seams.is_held && p_.seams.is_held() && !p_.queue.is_stopped()) {
    p_.queue.pause(p_.how.disk_check_every);
    return;
  }
  // Garbage collection goes on while nothing else is to be done.
  const bool cleans = p_.to.needs_cleaning();
  submit_queue::group group = p_.queue.take(
      p_.how.group_bytes_max, cleans ? std::chrono::milliseconds{0} : p_.how.disk_check_every);
  if (!group.batches.empty() || cleans) commit(std::move(group));
  if (p_.clock.now().steady - looked_at_disk_ >= p_.how.disk_check_every) look_at_disk();
}

void committer::commit(submit_queue::group group) {
  const base::steady_time begun = p_.clock.now().steady;
  {
    const std::scoped_lock guard{p_.tables_lock};
    p_.to.begin();
    p_.to.add(group.batches);
    for (const store::batch& records : group.batches) records_ += records.size();
    p_.to.finish();
  }
  if (!write_chunk()) return;
  ++commits_;
  const auto took =
      std::chrono::duration_cast<std::chrono::microseconds>(p_.clock.now().steady - begun);
  commit_times_.record(static_cast<std::uint64_t>(took.count()));
  publish(group);
  // Behind the announcement: nobody waits for it.
  const rocksdb::Status s = p_.to.written();
  if (!s.ok() && !is_no_space(s)) fail(s.ToString());
  update_gauges();
}

bool committer::write_chunk() {
  for (bool was_full = false;; was_full = true) {
    const rocksdb::Status s = p_.to.write();
    if (s.ok()) {
      if (was_full) set_state(condition::low_disk, "store.low_disk", "the disk was full");
      // A watermark that cannot be written stays behind, which is what it may do.
      watermark_is_synced_ = false;
      std::ignore = p_.watermark.write(p_.to.last());
      return true;
    }
    if (!is_no_space(s)) {
      fail(s.ToString());
      return false;
    }
    if (!recover_from_full()) return false;
  }
}

bool committer::recover_from_full() {
  if (ballast_.exists()) {
    ballast_.give_up();
  } else {
    set_state(condition::full, "store.full", "no space left on the disk");
    if (p_.queue.is_stopped()) return false;
    p_.queue.pause(std::min(p_.how.disk_check_every, std::chrono::milliseconds{250}));
    if (p_.queue.is_stopped()) return false;
  }
  const rocksdb::Status s = p_.to.reopen();
  if (s.ok() || is_no_space(s)) return true;
  fail(s.ToString());
  return false;
}

void committer::publish(const submit_queue::group& group) {
  durable_chunk_.store(p_.to.last(), std::memory_order_release);
  p_.committed(p_.to.last());
  if (group.batches.empty()) return;
  durable_.store(group.last_ticket, std::memory_order_release);
  std::ignore = p_.queue.done(group.bytes);
  p_.announce();
}

void committer::look_at_disk() {
  looked_at_disk_ = p_.clock.now().steady;
  if (!watermark_is_synced_) {
    watermark_is_synced_ = true;
    std::ignore = p_.watermark.sync();
  }
  const internal_options::disk_space now = space();
  if (now.size == 0 || state() >= condition::full) return;
  const std::uint64_t low = low_disk_bytes(now.size) + ballast_.bytes();
  std::uint64_t available = now.free;
  if (ballast_.exists()) {
    available += ballast_.bytes();
  } else if (available >= low && ballast_.make()) {
    available = space().free + ballast_.bytes();
  }
  if (available < low) {
    set_state(condition::low_disk, "store.low_disk", "little space is left on the disk");
  } else if (available >= low + low / 8 && ballast_.exists() == (ballast_.bytes() != 0)) {
    set_state(condition::good, "store.good", "there is space on the disk");
  }
}

std::uint64_t committer::low_disk_bytes(std::uint64_t size) const noexcept {
  return p_.how.low_disk_bytes.value_or(std::min(size / 20, low_disk_default_max));
}

internal_options::disk_space committer::space() const {
  return p_.seams.space ? p_.seams.space() : space_of(p_.how.directory);
}

void committer::set_state(condition now, std::string_view event, std::string_view why) {
  {
    const std::scoped_lock guard{lock_};
    const condition before = state();
    if (before == now || before == condition::failed) return;
    state_.store(now, std::memory_order_release);
    failure_ = now >= condition::full ? std::string{why} : std::string{};
  }
  const auto level = now == condition::failed || now == condition::full ? observe::log_level::error
                     : now == condition::good                           ? observe::log_level::info
                                                                        : observe::log_level::warn;
  p_.log.write(level, event, {{"why", why}, {"free_bytes", space().free}});
  p_.announce();
}

void committer::fail(const std::string& why) {
  set_state(condition::failed, "store.failed", why);
}

std::string committer::failure() const {
  const std::scoped_lock guard{lock_};
  return failure_;
}

/// Adding up the memory of the tables takes time that commits wait for: a hundredth at most.
void committer::look_at_memory() {
  constexpr std::chrono::seconds step{1};
  constexpr int share = 100;
  const base::steady_time begun = p_.clock.now().steady;
  if (begun < next_look_) return;
  table_bytes_ = p_.to.content().allocated_bytes();
  const base::duration took = p_.clock.now().steady - begun;
  next_look_ = begun + std::max<base::duration>(step, took * share);
}

void committer::update_gauges() {
  look_at_memory();
  const tables& t = p_.to.content();
  const std::scoped_lock guard{lock_};
  gauges_.commits = commits_;
  gauges_.records = records_;
  gauges_.journal_bytes = p_.to.state().bytes;
  gauges_.live_bytes = p_.to.live_bytes();
  gauges_.moved_bytes = p_.to.moved_bytes();
  gauges_.queued_entries = t.entries();
  gauges_.bodies = t.messages().size();
  gauges_.table_bytes = table_bytes_;
}

gauges committer::read_gauges() const noexcept {
  const std::scoped_lock guard{lock_};
  gauges out = gauges_;
  out.queue_bytes = p_.queue.bytes();
  return out;
}

}  // namespace godwit::store_rocksdb
