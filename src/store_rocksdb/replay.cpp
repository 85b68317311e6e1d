#include "replay.hpp"

#include "chunk_walk.hpp"
#include "codec.hpp"
#include "status.hpp"

namespace godwit::store_rocksdb {
namespace {

class reading {
 public:
  reading(database& db, std::uint64_t watermark, damage_report& report)
      : db_{db}, watermark_{watermark}, report_{report} {}

  replayed all() {
    read_uuid();
    out_.state->begin_replay();
    if (find_ends()) {
      read_session_rows();
      read_chunks();
      check_rows();
    }
    out_.settled = out_.state->settle();
    if (out_.settled.lacking_body != 0 && report_.empty()) {
      report_.places.push_back(
          {{}, {}, "no body of message " + std::to_string(out_.settled.lacking_body)});
    }
    return std::move(out_);
  }

 private:
  void blame(std::string what) { report_.places.push_back({{}, {}, std::move(what)}); }

  void read_uuid() {
    std::string value;
    const rocksdb::Status s = db_.db().Get({}, db_.meta(), "uuid", &value);
    if (s.ok()) {
      out_.uuid = value.substr(std::min<std::size_t>(1, value.size()));
    } else if (!s.IsNotFound()) {
      add_damage(s, report_);
    }
  }

  /// The last chunk says which is the first.
  bool find_ends() {
    const std::unique_ptr<rocksdb::Iterator> at{db_.db().NewIterator({}, db_.journal())};
    at->SeekToLast();
    if (!at->status().ok()) add_damage(at->status(), report_);
    if (!at->Valid()) at->SeekForPrev(key_of(last_readable()));
    if (!at->Valid()) {
      if (watermark_ != 0) miss_end(1);
      return false;
    }
    byte_reader key{view(at->key())};
    out_.journal.last = key.integer<std::uint64_t>();
    if (out_.journal.last < watermark_) miss_end(out_.journal.last + 1);
    const auto chunk = chunk_reader::open(view(at->value()), out_.journal.last);
    if (!chunk) {
      blame("journal chunk " + std::to_string(out_.journal.last) + " is not what was written");
      report_.others_possible = true;
      return false;
    }
    out_.journal.first = chunk->header().first;
    out_.journal.rows = chunk->header().rows;
    out_.journal.last_hash = chunk_hash(view(at->value()));
    out_.state->set_seen(chunk->header().seen);
    return true;
  }

  void miss_end(std::uint64_t from) {
    miss(from, watermark_);
    blame("the journal was written up to chunk " + std::to_string(watermark_) +
          ", and it ends before");
    report_.others_possible = true;
  }

  /// The iterator stops at a block that it cannot read.
  std::uint64_t last_readable() {
    std::string value;
    std::uint64_t chunk = watermark_;
    while (chunk > 0 && !db_.db().Get({}, db_.journal(), key_of(chunk), &value).ok()) --chunk;
    return chunk;
  }

  void read_session_rows() {
    const std::unique_ptr<rocksdb::Iterator> row{
        db_.db().NewIterator({}, db_.rows(column::session))};
    for (row->SeekToFirst(); row->Valid(); row->Next()) {
      digest(column::session) += row_hash(view(row->key()), view(row->value()));
      const auto name = read_session_key(view(row->key()));
      if (!name) continue;  // the digest will tell
      tables::session& s = out_.state->restore_session(name->session);
      if (name->which == session_row::ended) s.ended = true;
      if (name->which == session_row::next_position) {
        s.kept_next = read_number(view(row->value())).value_or(0);
      }
    }
    if (!row->status().ok()) add_damage(row->status(), report_);
  }

  void read_chunks() {
    journal_state& j = out_.journal;
    std::uint64_t expected = j.first;
    std::optional<std::uint64_t> hash;
    std::optional<chunk_walk> at{std::in_place, db_, expected, chunk_walk::checks::all};
    while (expected <= j.last) {
      if (!at->valid()) {
        if (at->status().ok()) break;
        // It stops at a block that it cannot read; whatever lies behind is found one by one.
        add_damage(at->status(), report_);
        const std::uint64_t next = next_readable(expected);
        miss(expected, next - 1);
        expected = next;
        hash.reset();
        at.emplace(db_, expected, chunk_walk::checks::all);
        continue;
      }
      const std::uint64_t number = at->number();
      if (number != expected) {
        miss(expected, number - 1);
        expected = number;
        hash.reset();
      }
      hash = read_chunk(number, at->bytes(), hash);
      ++expected;
      at->next();
    }
    if (expected <= j.last) miss(expected, j.last);
  }

  std::uint64_t next_readable(std::uint64_t chunk) {
    std::string value;
    while (chunk <= out_.journal.last &&
           !db_.db().Get({}, db_.journal(), key_of(chunk), &value).ok()) {
      ++chunk;
    }
    return chunk;
  }

  void miss(std::uint64_t first, std::uint64_t last) {
    report_.missing_chunks.push_back({first, last});
  }

  std::uint64_t read_chunk(std::uint64_t number, std::string_view bytes,
                           std::optional<std::uint64_t> previous) {
    auto chunk = chunk_reader::open(bytes, number);
    if (!chunk) {
      blame("journal chunk " + std::to_string(number) + " is not what was written");
      miss(number, number);
      return chunk_hash(bytes);
    }
    if (previous && chunk->header().previous_hash != *previous) {
      blame("journal chunk " + std::to_string(number) + " does not follow the one before it");
    }
    chunk_record record;
    std::uint32_t offset = 0;
    while (chunk->next(record, offset)) out_.state->replay(record, number, offset);
    if (!chunk->is_complete()) {
      blame("journal chunk " + std::to_string(number) + " has a record of unknown form");
    }
    out_.journal.bytes += bytes.size();
    out_.journal.full_bytes += chunk->full_size();
    return chunk_hash(bytes);
  }

  void check_rows() {
    for (const column c : {column::subscription, column::retained, column::will}) {
      const std::unique_ptr<rocksdb::Iterator> row{db_.db().NewIterator({}, db_.rows(c))};
      for (row->SeekToFirst(); row->Valid(); row->Next()) {
        digest(c) += row_hash(view(row->key()), view(row->value()));
      }
      if (!row->status().ok()) add_damage(row->status(), report_);
    }
    constexpr std::array<const char*, 4> names{"sessions", "subscriptions", "retained messages",
                                               "wills"};
    for (std::size_t c = 0; c < names.size(); ++c) {
      if (found_[c] == out_.journal.rows[c]) continue;
      blame(std::string{"the rows of "} + names[c] + " are not those that were written");
      if (c == 0) report_.others_possible = true;
    }
  }

  std::uint64_t& digest(column c) noexcept { return found_[static_cast<std::size_t>(c)]; }

  database& db_;
  std::uint64_t watermark_;
  damage_report& report_;
  replayed out_;
  row_digests found_{};
};

}  // namespace

std::uint64_t journal_state::live_bytes(std::uint64_t full_live) const noexcept {
  if (full_live >= full_bytes) return bytes;
  const double share = static_cast<double>(full_live) / static_cast<double>(full_bytes);
  return static_cast<std::uint64_t>(share * static_cast<double>(bytes));
}

replayed replay_journal(database& db, std::optional<std::uint64_t> watermark,
                        damage_report& report) {
  return reading{db, watermark.value_or(0), report}.all();
}

}  // namespace godwit::store_rocksdb
