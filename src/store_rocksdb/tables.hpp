#pragma once

#include "chunk.hpp"
#include "entry_log.hpp"
#include "message_table.hpp"
#include "rows.hpp"

#include <godwit/store/records.hpp>
#include <godwit/store/store.hpp>

#include <boost/container/flat_set.hpp>
#include <boost/unordered/unordered_flat_map.hpp>
#include <boost/unordered/unordered_flat_set.hpp>

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <unordered_map>
#include <vector>

namespace godwit::store_rocksdb {

/// The commit under construction: records go into its chunk, everything else into rows.
struct commit_target {
  chunk_writer& chunk;
  std::uint64_t number = 0;  ///< of the chunk
  row_store& rows;
};

/// What the committer knows in memory: which records of the journal still count. It means the same
/// by a record as `store::memory_store`, and writes only records that change something, so that
/// replay need not judge. For one thread.
class tables {
 public:
  struct session {
    entry_log log;
    std::uint64_t next_position = 0;
    std::uint64_t kept_next = 0;  ///< as its row says; positions below may have left the journal
    boost::container::flat_set<std::uint16_t> qos2_ids;
    bool ended = false;
  };
  using session_map = boost::unordered_flat_map<std::uint64_t, std::unique_ptr<session>>;

  /// An entry that is decided by a later one of these records need not be tentative: they become
  /// durable together. Before the first of them is applied.
  void look_ahead(std::span<const store::batch> group);
  /// `apply` of this record comes soon: its session's memory is asked for. A little later again,
  /// what the session points to.
  enum class nearness : std::uint8_t { far, near };
  void prefetch(const store::record& r, nearness n) const noexcept;
  /// Applies one record and writes what has to be written.
  void apply(const store::record& r, const commit_target& to);
  /// Writes one record of the oldest chunk, `from`, again if it still counts.
  void keep_if_live(const chunk_record& r, std::uint64_t from, std::uint32_t offset,
                    const commit_target& to);
  /// After the last record of a step: notes which positions may have left the journal.
  void finish_keeping(const commit_target& to);

  /// Before replay: a session's rows. Positions below `kept_next` may be missing in the journal.
  session& restore_session(std::uint64_t number);
  /// Before the first record that is replayed.
  void begin_replay() noexcept { messages_.keep_unnamed(); }
  void replay(const chunk_record& r, std::uint64_t chunk, std::uint32_t offset);
  /// The next position of a session that is copied into a new journal.
  void set_next_position(std::uint64_t number, std::uint64_t next, const commit_target& to);
  /// After the last chunk: what is tentative is dropped, and ended sessions that are empty.
  struct settled {
    bool dropped_undecided = false;
    std::vector<std::uint64_t> gone_sessions;  ///< their rows are to be erased
    std::uint64_t lacking_body = 0;            ///< message number; 0 = none
  };
  settled settle();

  [[nodiscard]] const session_map& sessions() const noexcept { return sessions_; }
  [[nodiscard]] const session* find(std::uint64_t number) const noexcept;
  [[nodiscard]] const message_table& messages() const noexcept { return messages_; }
  [[nodiscard]] const store::high_water& seen() const noexcept { return seen_; }
  void set_seen(const store::high_water& seen) noexcept { seen_ = seen; }

  /// Bytes of the journal that a restart needs, if all of them were written in full.
  [[nodiscard]] std::uint64_t full_live_bytes() const noexcept;
  [[nodiscard]] std::uint64_t entries() const noexcept { return entries_; }
  [[nodiscard]] std::uint64_t qos2_ids() const noexcept { return qos2_ids_; }
  [[nodiscard]] std::size_t allocated_bytes() const noexcept;

 private:
  struct entry_name {
    std::uint64_t session = 0;
    std::uint64_t position = 0;
  };
  struct undecided {
    std::vector<entry_name> entries;
    std::size_t waiting = 0;
  };

  void apply(const store::session_opened& r, const commit_target& to);
  void apply(const store::session_idle& r, const commit_target& to);
  void apply(const store::session_ended& r, const commit_target& to);
  void apply(const store::subscribed& r, const commit_target& to);
  void apply(const store::unsubscribed& r, const commit_target& to);
  void apply(const store::enqueued& r, const commit_target& to);
  void apply(const store::sent& r, const commit_target& to);
  void apply(const store::rec_received& r, const commit_target& to);
  void apply(const store::removed& r, const commit_target& to);
  void apply(const store::qos2_received& r, const commit_target& to);
  void apply(const store::qos2_released& r, const commit_target& to);
  void apply(const store::committed& r, const commit_target& to);
  void apply(const store::will_stored& r, const commit_target& to);
  void apply(const store::will_removed& r, const commit_target& to);
  void apply(const store::retained& r, const commit_target& to);
  void apply(const store::session_expires& r, const commit_target& to);

  void replay(const message_record& r, std::uint64_t chunk, std::uint32_t offset);
  void replay(const enqueued_record& r);
  void replay(const committed_record& r);
  void replay(const sent_record& r);
  void replay(const removed_record& r);
  void replay(const rec_received_record& r);
  void replay(const qos2_received_record& r);
  void replay(const qos2_released_record& r);
  void replay(const restarted_record& r);

  [[nodiscard]] session* find_session(std::uint64_t number) noexcept;
  void add_entry(session& s, const enqueued_record& r);
  void drop_entry(session& s, std::uint64_t position, std::uint64_t message);
  void end_if_empty(std::uint64_t number, session& s, const commit_target& to);
  /// The number was waited for.
  bool decide(std::uint64_t commit);
  void decide(mqtt::message_number commit, const commit_target& to);
  void no_longer_waits(std::uint64_t commit);
  bool drop_undecided();
  void saw(const mqtt::message& m) noexcept;
  void saw(mqtt::message_number n) noexcept;

  session_map sessions_;
  message_table messages_;
  std::unordered_map<std::uint64_t, undecided> undecided_;
  boost::unordered_flat_set<std::uint64_t> decided_soon_;  // commits, by records not yet applied
  store::high_water seen_;
  std::vector<std::uint64_t> moved_next_;  // sessions
  std::uint64_t entries_ = 0;
  std::uint64_t share_bytes_ = 0;
  std::uint64_t qos2_ids_ = 0;
};

}  // namespace godwit::store_rocksdb
