#include "journal.hpp"

#include "codec.hpp"

#include <godwit/base/assert.hpp>

#include <rocksdb/convenience.h>

#include <algorithm>

namespace godwit::store_rocksdb {

journal::journal(std::string path, const options& how, const internal_options& seams,
                 std::unique_ptr<database> db, replayed found)
    : path_{std::move(path)},
      how_{how},
      seams_{seams},
      db_{std::move(db)},
      tables_{std::move(found.state)},
      settled_{std::move(found.settled)},
      state_{found.journal},
      rows_{found.journal.rows} {}

void journal::begin() {
  chunk_.clear();
  batch_.Clear();
  rows_.begin(*db_, batch_);
  ++state_.last;
  if (state_.first == 0) state_.first = state_.last;
  if (settled_.dropped_undecided) chunk_.add(restarted_record{});
  for (const std::uint64_t session : settled_.gone_sessions) {
    rows_.erase_all_with(column::session, key_of(session));
  }
  settled_ = {};
  if (needs_cleaning()) clean();
}

void journal::add(std::span<const store::batch> group) {
  const commit_target to{chunk_, state_.last, rows_};
  tables_->look_ahead(group);
  // A message for very many sessions touches each of them once.
  constexpr std::size_t far = 12;
  constexpr std::size_t near = 6;
  for (const store::batch& records : group) {
    for (std::size_t i = 0; i < records.size(); ++i) {
      if (i + far < records.size()) tables_->prefetch(records[i + far], tables::nearness::far);
      if (i + near < records.size()) tables_->prefetch(records[i + near], tables::nearness::near);
      tables_->apply(records[i], to);
    }
  }
}

void journal::set_next_position(std::uint64_t session, std::uint64_t next) {
  tables_->set_next_position(session, next, {chunk_, state_.last, rows_});
}

void journal::finish() {
  chunk_header header;
  header.number = state_.last;
  header.previous_hash = state_.last_hash;
  header.first = state_.first;
  header.seen = tables_->seen();
  header.rows = rows_.digests();
  const std::string_view chunk = chunk_.finish(header);
  state_.last_hash = chunk_hash(chunk);
  state_.rows = header.rows;
  state_.bytes += chunk.size();
  state_.full_bytes += chunk_.full_size();
  last_full_size_ = chunk_.full_size();
  const rocksdb::Status s = batch_.Put(db_->journal(), key_of(state_.last), slice(chunk));
  GODWIT_ASSERT(s.ok());
}

rocksdb::Status journal::write() {
  if (!db_) return rocksdb::Status::NoSpace("the database is closed");
  rocksdb::WriteOptions o;
  o.sync = true;
  return db_->db().Write(o, &batch_);
}

rocksdb::Status journal::written() {
  if (dropped_bytes_ < how_.write_buffer_bytes / 2) return rocksdb::Status::OK();
  dropped_bytes_ = 0;
  const std::string begin = key_of(0);
  const std::string end = key_of(state_.first);
  const rocksdb::Slice from{begin};
  const rocksdb::Slice to{end};
  return rocksdb::DeleteFilesInRange(&db_->db(), db_->journal(), &from, &to, false);
}

rocksdb::Status journal::reopen() {
  const std::unique_lock guard{database_lock_};
  if (db_) std::ignore = db_->close();  // its errors are why we are here
  db_.reset();
  std::unique_ptr<database> fresh;
  rocksdb::Status s = database::open(path_, how_, seams_, access::read_write, log_end::torn, fresh);
  if (!s.ok()) return s;
  const std::unique_ptr<rocksdb::Iterator> at{fresh->db().NewIterator({}, fresh->journal())};
  at->SeekToLast();
  if (!at->status().ok()) return at->status();
  std::uint64_t found = 0;
  if (at->Valid()) {
    byte_reader key{view(at->key())};
    found = key.integer<std::uint64_t>();
  }
  if (found + 1 < state_.last) {
    return rocksdb::Status::Corruption("chunks that were durable are gone");
  }
  // The batch names columns by numbers, which stay the same.
  db_ = std::move(fresh);
  return s;
}

bool journal::needs_cleaning() const noexcept {
  return state_.first < state_.last &&
         state_.full_bytes >
             how_.garbage.live_factor * tables_->full_live_bytes() + how_.garbage.start_bytes;
}

void journal::clean() {
  const commit_target to{chunk_, state_.last, rows_};
  // In full bytes, because that is what the work is: one look for each entry.
  std::size_t budget = std::max<std::size_t>(how_.garbage.step_bytes, 4 * last_full_size_);
  while (state_.first < state_.last && needs_cleaning()) {
    const chunk_sizes gone = keep_live_of(state_.first, to);
    ++state_.first;
    state_.bytes -= std::min<std::uint64_t>(gone.bytes, state_.bytes);
    state_.full_bytes -= std::min<std::uint64_t>(gone.full, state_.full_bytes);
    dropped_bytes_ += gone.bytes;
    if (gone.full >= budget) break;
    budget -= gone.full;
  }
  moved_bytes_ += chunk_.size() - chunk_header_size;
  tables_->finish_keeping(to);
}

journal::chunk_sizes journal::keep_live_of(std::uint64_t number, const commit_target& to) {
  rocksdb::PinnableSlice bytes;
  const rocksdb::Status s = db_->db().Get({}, db_->journal(), key_of(number), &bytes);
  if (!s.ok()) throw read_failed{s};
  auto chunk = chunk_reader::open(view(bytes), number);
  if (!chunk) throw read_failed{rocksdb::Status::Corruption("a chunk is not what was written")};
  chunk_record r;
  std::uint32_t offset = 0;
  while (chunk->next(r, offset)) tables_->keep_if_live(r, number, offset, to);
  return {bytes.size(), chunk->full_size()};
}

rocksdb::Status journal::close() {
  const std::unique_lock guard{database_lock_};
  if (!db_) return rocksdb::Status::OK();
  const rocksdb::Status s = db_->close();
  db_.reset();
  return s;
}

}  // namespace godwit::store_rocksdb
