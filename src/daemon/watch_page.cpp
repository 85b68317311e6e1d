#include "watch_page.hpp"

#include "status_page.hpp"

#include <godwit/admin/metrics.hpp>
#include <godwit/session/close_reason.hpp>
#include <godwit/store/condition_name.hpp>

#include <array>
#include <vector>

namespace godwit::daemon {
namespace {

admin::store_figures figures_of(const store_rocksdb::rocksdb_store& s) {
  const store_rocksdb::gauges g = s.read_gauges();
  return {.state = std::string{name(s.state())},
          .commits = g.commits,
          .records = g.records,
          .waiting_bytes = g.queue_bytes,
          .journal_bytes = g.journal_bytes,
          .live_bytes = g.live_bytes,
          .moved_bytes = g.moved_bytes,
          .queued_entries = g.queued_entries,
          .bodies = g.bodies,
          .fetched_bodies = g.fetched_bodies,
          .commit_times = s.read_commit_times()};
}

std::string metrics_of(const watched_broker& b) {
  std::vector<const observe::counters*> all;
  for (const observe::counters& one : b.shards) all.push_back(&one);
  admin::broker_figures f;
  f.version = GODWIT_VERSION;
  f.shards = b.shards.size();
  f.sums = observe::sum(all);
  for (const observe::counters* const one : all) {
    f.by_shard.push_back(observe::sum(std::array{one}));
    f.turn_times.merge(one->turn_times());
    f.acknowledgement_times.merge(one->acknowledgement_times());
  }
  for (std::size_t i = 0; i < session::close_causes; ++i) {
    f.close_reasons.emplace_back(session::name(static_cast<session::close_cause>(i)));
  }
  f.process = admin::process_figures::read();
  f.memory = admin::memory_figures_of(f.sums, b.memory);
  if (b.on_disk != nullptr) f.store = figures_of(*b.on_disk);
  return admin::render_metrics(f);
}

admin::http_answer health(bool is_well, const char* otherwise) {
  if (is_well) return {.body = "ok\n"};
  return {.status = 503, .body = std::string{otherwise} + "\n"};
}

}  // namespace

admin::http_answer answer_watcher(const watched_broker& b, std::string_view path) {
  const bool is_safe = b.durable.state() != store::condition::failed;
  if (path == "/metrics") {
    return {.content_type = "text/plain; version=0.0.4; charset=utf-8", .body = metrics_of(b)};
  }
  if (path == "/healthz") return health(is_safe, "the store has failed");
  if (path == "/readyz") return health(is_safe && b.is_ready, "not serving clients");
  if (path == "/") {
    return {.content_type = "text/html; charset=utf-8", .body = std::string{status_html()}};
  }
  if (path == "/status.json") {
    return {.content_type = "application/json",
            .body = boost::json::serialize(status_json(b)) + "\n"};
  }
  return {.status = 404, .body = "/, /status.json, /metrics, /healthz or /readyz\n"};
}

}  // namespace godwit::daemon
