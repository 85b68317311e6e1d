#include "committer.hpp"
#include "inspect.hpp"
#include "open_database.hpp"

#include <godwit/base/assert.hpp>
#include <godwit/store_rocksdb/rocksdb_store.hpp>

#include <mutex>
#include <optional>
#include <shared_mutex>

namespace godwit::store_rocksdb {

namespace port = ::godwit::store;

struct rocksdb_store::engine {
  engine(const options& o, const base::clock& c, observe::logger& l, const internal_options& seams,
         opened_store found);
  ~engine();

  void announce_news();

  options how;
  observe::logger& log;
  file_handle lock;
  watermark_file watermark;
  restored first_content;
  double seconds = 0;
  std::uint64_t chunks = 0;
  std::mutex tables_lock;
  journal chunks_file;
  submit_queue queue;
  std::shared_mutex announce_lock;  ///< held while the announcement runs
  std::function<void()> announce;
  std::optional<fetcher> bodies;
  std::optional<committer> writer;
};

rocksdb_store::engine::engine(const options& o, const base::clock& c, observe::logger& l,
                              const internal_options& seams, opened_store found)
    : how{o},
      log{l},
      lock{std::move(found.lock)},
      watermark{std::move(found.watermark)},
      first_content{std::move(found.content)},
      seconds{found.seconds},
      chunks{found.chunks},
      chunks_file{store_paths{o.directory}.database, o, seams, std::move(found.db),
                  std::move(found.journal)},
      queue{o.queue_bytes_max} {
  bodies.emplace(
      chunks_file, tables_lock, [this] { announce_news(); },
      [this](const std::string& why) { writer->fail(why); });
  writer.emplace(
      committer::parts{.how = how,
                       .seams = seams,
                       .clock = c,
                       .log = l,
                       .to = chunks_file,
                       .queue = queue,
                       .tables_lock = tables_lock,
                       .watermark = watermark,
                       .announce = [this] { announce_news(); },
                       .committed = [this](std::uint64_t chunk) { bodies->committed(chunk); }});
}

rocksdb_store::engine::~engine() {
  bodies->stop();  // each calls the other
  writer.reset();  // commits what waits
  bodies.reset();
  std::ignore = watermark.sync();
  std::ignore = chunks_file.close();
}

void rocksdb_store::engine::announce_news() {
  const std::shared_lock guard{announce_lock};
  if (announce) announce();
}

rocksdb_store::rocksdb_store(std::unique_ptr<engine> e) : engine_{std::move(e)} {}
rocksdb_store::~rocksdb_store() = default;

std::unique_ptr<rocksdb_store> rocksdb_store::open(const options& how, const base::clock& clock,
                                                   observe::logger& log) {
  return open(how, clock, log, {});
}

std::unique_ptr<rocksdb_store> rocksdb_store::open(const options& how, const base::clock& clock,
                                                   observe::logger& log,
                                                   const internal_options& seams) {
  opened_store found = open_store(how, clock, log, seams);
  return std::unique_ptr<rocksdb_store>{
      new rocksdb_store{std::make_unique<engine>(how, clock, log, seams, std::move(found))}};
}

port::ticket rocksdb_store::submit(port::batch&& records) {
  GODWIT_ASSERT(!records.empty());
  const submit_queue::pushed p = engine_->queue.push(std::move(records));
  if (p.room_changed) engine_->announce_news();
  return port::ticket{p.ticket};
}

void rocksdb_store::hold() noexcept {
  engine_->queue.hold();
}

void rocksdb_store::release() noexcept {
  engine_->queue.release();
}

port::ticket rocksdb_store::durable() const noexcept {
  if (engine_->how.announce_when == announce::submitted &&
      engine_->writer->state() < port::condition::full) {
    return port::ticket{engine_->queue.last_ticket()};
  }
  return port::ticket{engine_->writer->durable()};
}

void rocksdb_store::on_news(std::function<void()> announce) {
  const std::scoped_lock guard{engine_->announce_lock};
  engine_->announce = std::move(announce);
}

port::condition rocksdb_store::state() const noexcept {
  return engine_->writer->state();
}

bool rocksdb_store::has_room() const noexcept {
  return engine_->queue.has_room();
}

void rocksdb_store::fetch(port::fetch_request&& wanted) {
  engine_->bodies->request(std::move(wanted));
}

std::vector<port::fetched> rocksdb_store::take_fetched(std::uint8_t shard) {
  return engine_->bodies->take(shard);
}

port::high_water rocksdb_store::recover(port::recovery_visitor& visitor) {
  GODWIT_ASSERT(engine_->queue.last_ticket() == 0);
  restored found = std::exchange(engine_->first_content, {});
  engine_->log.info("store.recovered", {{"chunks", engine_->chunks},
                                        {"messages", found.messages},
                                        {"sessions", found.sessions.size()},
                                        {"seconds", engine_->seconds}});
  for (port::restored_session& s : found.sessions) visitor.on_session(std::move(s));
  for (port::restored_will& w : found.wills) visitor.on_will(std::move(w));
  for (auto& m : found.retained) visitor.on_retained(std::move(m));
  const std::scoped_lock guard{engine_->tables_lock};
  return engine_->chunks_file.content().seen();
}

gauges rocksdb_store::read_gauges() const noexcept {
  gauges out = engine_->writer->read_gauges();
  out.fetched_bodies = engine_->bodies->bodies();
  return out;
}

std::uint64_t rocksdb_store::memory_size() const {
  std::uint64_t bytes = engine_->writer->read_gauges().table_bytes;
  const auto held = engine_->chunks_file.try_hold_database();
  database* const db = held ? engine_->chunks_file.held_database() : nullptr;
  if (db == nullptr) return bytes;
  using names = rocksdb::DB::Properties;
  std::uint64_t part = 0;
  for (const std::string& one : {names::kSizeAllMemTables, names::kEstimateTableReadersMem}) {
    if (db->db().GetAggregatedIntProperty(one, &part)) bytes += part;
  }
  // All columns have one cache.
  if (db->db().GetIntProperty(names::kBlockCacheUsage, &part)) bytes += part;
  return bytes;
}

observe::histogram_totals rocksdb_store::read_commit_times() const {
  observe::histogram_totals all;
  all.merge(engine_->writer->commit_times());
  return all;
}

std::string rocksdb_store::failure() const {
  return engine_->writer->failure();
}

void rocksdb_store::backup(const std::string& directory) {
  const auto held = engine_->chunks_file.hold_database();
  database* const db = engine_->chunks_file.held_database();
  if (db == nullptr) throw open_failed{open_error::io, "the disk is full"};
  const std::uint64_t durable = engine_->writer->durable_chunk();
  copy_store(*db, durable, directory);
}

}  // namespace godwit::store_rocksdb
