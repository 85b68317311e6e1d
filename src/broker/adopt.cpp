#include "derived_options.hpp"
#include "engine.hpp"

/// Options that change while the shard runs. Most are looked up where they are needed; here is what
/// keeps one for itself.

namespace godwit::broker {

void shard_engine::adopt(const shard_options& fresh) {
  GODWIT_ASSERT(fresh.shards == options.shards && fresh.seed == options.seed);
  const auto sys_before = options.sys_interval;
  options = fresh;
  takeovers_.change(takeovers_of(options.limits));
  groups_.select_by(selection_of(options.limits));
  history_.set_entries_max(options.history_entries);
  bodies_.limit = options.queue_memory_bytes;
  connections_.for_each([this](connection_handle h, connection& c) {
    if (unsent(c) != 0) time_stalled_reader(h, c);
  });
  if (self.value() != 0 || options.sys_interval == sys_before) return;
  timers_.cancel(sys_.due);
  sys_.due = {};
  if (options.sys_interval.count() == 0) return;
  if (!sys_.loads) sys_.loads.emplace(started_);  // all sums were zero then
  publish_sys();
}

}  // namespace godwit::broker
