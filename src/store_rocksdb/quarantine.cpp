#include "quarantine.hpp"

#include "journal.hpp"
#include "meta.hpp"
#include "status.hpp"

#include <algorithm>
#include <filesystem>
#include <limits>

namespace godwit::store_rocksdb {
namespace {

/// Numbers of what was lost must not come again, and how many were lost is not known.
constexpr std::uint64_t skipped_numbers = std::uint64_t{1} << 32U;
constexpr std::size_t records_per_chunk = 1'000;

std::string free_name(const std::string& directory) {
  for (int n = 1;; ++n) {
    std::string name = directory + "/quarantine-" + std::to_string(n);
    std::error_code error;
    if (!std::filesystem::exists(name, error)) return name;
  }
}

/// Writes records in chunks of a bounded size.
class copying {
 public:
  copying(journal& to, const std::string& directory) : to_{to}, directory_{directory} {}

  template <class Record>
  void add(Record r) {
    waiting_.emplace_back(std::move(r));
    if (waiting_.size() >= records_per_chunk) write();
  }
  void write(const store::restored_session* next_of = nullptr) {
    to_.begin();
    to_.add({&waiting_, 1});
    if (next_of != nullptr) {
      to_.set_next_position(next_of->number.value(), next_of->next_position.value());
    }
    to_.finish();
    check_opening(to_.write(), directory_);
    check_opening(to_.written(), directory_);
    waiting_.clear();
  }

 private:
  journal& to_;
  const std::string& directory_;
  store::batch waiting_;
};

void copy_entry(const store::restored_session& s, store::restored_entry& e, copying& to) {
  if (!e.message) return;  // its body is what was damaged
  to.add(store::enqueued{.session = s.number,
                         .position = e.position,
                         .message = std::move(e.message),
                         .quality = e.quality,
                         .retain = e.retain,
                         .share = std::move(e.share),
                         .commit = {},
                         .identifiers = std::move(e.identifiers)});
  if (e.id.value() != 0) to.add(store::sent{s.number, e.position, e.id});
  if (e.received) to.add(store::rec_received{s.number, e.position});
}

void copy_session(store::restored_session& s, copying& to) {
  to.add(store::session_opened{s.number, s.client_id, s.owner, s.version});
  if (s.idle_since) to.add(store::session_idle{s.number, *s.idle_since});
  if (s.expires_after_s) to.add(store::session_expires{s.number, s.expires_after_s});
  for (auto& sub : s.subscriptions) {
    to.add(store::subscribed{s.number, std::move(sub.filter), sub.terms});
  }
  for (store::restored_entry& e : s.entries) copy_entry(s, e, to);
  for (const mqtt::packet_id id : s.qos2_received) {
    to.add(store::qos2_received{s.number, id, {}});
  }
  to.write(&s);
  if (s.ended) to.add(store::session_ended{s.number});
}

void copy_all(restored& from, copying& to) {
  for (store::restored_session& s : from.sessions) copy_session(s, to);
  for (store::restored_will& w : from.wills) {
    to.add(store::will_stored{std::move(w.client_id), std::move(w.message), w.keep_alive_s,
                              w.delay_s});
  }
  for (auto& m : from.retained) to.add(store::retained{std::move(m)});
  to.write();
}

}  // namespace

std::string quarantine(const std::string& directory, const options& how,
                       const internal_options& seams, inspection damaged) {
  const store_paths paths{directory};
  restored content;
  if (damaged.db) {
    damage_report known;
    content = restore_sessions(*damaged.db, damaged.found, std::numeric_limits<std::size_t>::max(),
                               known);
  }
  damaged.db.reset();
  replayed fresh;
  store::high_water seen = damaged.found.state->seen();
  seen.session_number += skipped_numbers;
  seen.message_number += skipped_numbers;
  seen.retain_version += skipped_numbers;
  fresh.state->set_seen(seen);

  // The new one is complete before it takes the old one's place; a stop between the two renames
  // leaves a store that does not open.
  const std::string building = paths.database + ".new";
  std::error_code error;
  std::filesystem::remove_all(building, error);
  std::unique_ptr<database> db;
  check_opening(database::open(building, how, seams, access::read_write, log_end::strict, db),
                directory);
  write_fresh_meta(*db, directory);
  journal to{building, how, seams, std::move(db), std::move(fresh)};
  copying copy{to, directory};
  copy_all(content, copy);
  check_opening(to.close(), directory);

  std::string moved_to = free_name(directory);
  const store_paths old{moved_to};
  std::filesystem::create_directory(moved_to, error);
  if (!error) std::filesystem::rename(paths.database, old.database, error);
  if (!error) std::filesystem::rename(building, paths.database, error);
  if (!error && std::filesystem::exists(paths.watermark)) {
    std::filesystem::rename(paths.watermark, old.watermark, error);
  }
  if (error) throw open_failed{open_error::io, moved_to + ": " + error.message()};
  sync_directory(directory);
  return moved_to;
}

}  // namespace godwit::store_rocksdb
