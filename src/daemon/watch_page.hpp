#pragma once

#include <godwit/admin/http_server.hpp>
#include <godwit/observe/counters.hpp>
#include <godwit/store_rocksdb/rocksdb_store.hpp>

#include <atomic>
#include <span>

namespace godwit::daemon {

/// What operations can ask over HTTP: `/` (a page for browsers), `/status.json`, `/metrics`,
/// `/healthz` (the process lives and its store has not failed) and `/readyz` (clients are served).
/// Everything here outlives it.
struct watched_broker {
  std::span<const observe::counters> shards;
  const store::store& durable;
  const store_rocksdb::rocksdb_store* on_disk = nullptr;  ///< null: in memory only
  const std::atomic<bool>& is_ready;
  const observe::memory_gauge& memory;
};

/// Any thread.
[[nodiscard]] admin::http_answer answer_watcher(const watched_broker& b, std::string_view path);

}  // namespace godwit::daemon
