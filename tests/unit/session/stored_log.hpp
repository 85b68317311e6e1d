#pragma once

#include "wire_log.hpp"

#include <godwit/store/memory_store.hpp>

#include <deque>
#include <optional>

namespace godwit::session::test {

/// A log over a store that commits when told and survives a crash.
struct stored_log : wire_log {
  stored_log() : wire_log{persistent} {
    records.write(
        store::session_opened{.session = persistent, .client_id = "c", .owner = {}, .version = {}});
  }

  /// The end of a turn: what was written goes to the store.
  void submit_all() {
    if (records.is_empty()) return;
    const batch_number b = records.open_batch();
    submitted.push_back({b, disk.submit(records.take())});
  }
  void commit(std::size_t batches) {
    disk.commit(batches);
    while (!submitted.empty() && submitted.front().t <= disk.durable()) {
      rules.durable = submitted.front().b;
      submitted.pop_front();
    }
  }
  /// Everything so far is on disk.
  void sync() {
    submit_all();
    commit(submitted.size());
  }
  /// The broker dies with what is not durable, starts again, and restores the log.
  void crash() {
    disk.crash();
    submitted.clear();
    records = {};
    rules.durable = {};
    struct visitor final : store::recovery_visitor {
      void on_session(store::restored_session s) override { found = std::move(s); }
      void on_will(store::restored_will) override {}
      void on_retained(base::ref<const mqtt::message>) override {}
      std::optional<store::restored_session> found;
    } v;
    disk.recover(v);
    bodies.held = 0;
    log = message_log{persistent, &bodies};
    if (v.found) log.restore(*v.found);
  }

  struct written {
    batch_number b;
    store::ticket t;
  };
  store::memory_store disk{store::memory_store::mode::manual};
  std::deque<written> submitted;
};

}  // namespace godwit::session::test
