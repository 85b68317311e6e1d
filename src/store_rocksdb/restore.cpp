#include "chunk_walk.hpp"
#include "codec.hpp"
#include "replay.hpp"
#include "status.hpp"

#include <godwit/base/checked_cast.hpp>

#include <boost/unordered/unordered_flat_map.hpp>

#include <algorithm>
#include <map>

namespace godwit::store_rocksdb {
namespace {

/// A live message while logs are built.
struct found_message {
  store::message_summary summary;
  base::ref<const mqtt::message> body;
};

base::wall_time wall(std::uint64_t ms) noexcept {
  return base::wall_time{std::chrono::milliseconds{static_cast<std::int64_t>(ms)}};
}

class restoring {
 public:
  restoring(database& db, const replayed& from, std::size_t body_bytes, damage_report& report)
      : db_{db}, from_{from}, state_{*from.state}, budget_{body_bytes}, report_{report} {}

  restored all() {
    // The bodies and what they take beside them: whoever has room for both needs no choice.
    load_at_once_ = state_.messages().live_bytes() <= budget_;
    read_session_rows();
    read_subscriptions();
    read_journal();
    find_strays();
    constexpr auto in_order = [](const auto& a, const auto& b) { return a.position < b.position; };
    for (store::restored_session& s : out_.sessions) {
      if (!std::is_sorted(s.entries.begin(), s.entries.end(), in_order)) {
        std::sort(s.entries.begin(), s.entries.end(), in_order);
      }
    }
    if (!load_at_once_) load_first_bodies();
    read_wills();
    read_retained();
    out_.messages = state_.entries();
    return std::move(out_);
  }

 private:
  void blame(std::string what) { report_.places.push_back({{}, {}, std::move(what)}); }

  template <class F>
  void each_row(rocksdb::ColumnFamilyHandle* rows, F&& f) {
    const std::unique_ptr<rocksdb::Iterator> row{db_.db().NewIterator({}, rows)};
    for (row->SeekToFirst(); row->Valid(); row->Next()) {
      if (!f(view(row->key()), view(row->value()))) blame("a row of unknown form");
    }
    if (!row->status().ok()) add_damage(row->status(), report_);
  }

  store::restored_session* session(std::uint64_t number) {
    const auto at = index_.find(number);
    return at == index_.end() ? nullptr : &out_.sessions[at->second];
  }

  void read_session_rows() {
    each_row(db_.rows(column::session), [this](std::string_view key, std::string_view value) {
      const auto name = read_session_key(key);
      if (!name) return false;
      const tables::session* const known = state_.find(name->session);
      if (known == nullptr) return true;
      if (name->which == session_row::opened) return add_session(name->session, *known, value);
      const auto number = read_number(value);
      store::restored_session* const s = session(name->session);
      if (!number || s == nullptr) return false;
      if (name->which == session_row::idle) s->idle_since = wall(*number);
      if (name->which == session_row::expires) {
        s->expires_after_s = static_cast<std::uint32_t>(*number);
      }
      return true;
    });
  }

  bool add_session(std::uint64_t number, const tables::session& known, std::string_view value) {
    const auto row = read_opened(value);
    if (!row) return false;
    index_.emplace(number, out_.sessions.size());
    store::restored_session& s = out_.sessions.emplace_back();
    s.number = store::session_number{number};
    s.client_id = row->client_id;
    s.owner = row->owner;
    s.version = row->version;
    s.ended = known.ended;
    s.next_position = store::log_position{known.next_position};
    s.entries.reserve(known.log.size());
    for (const std::uint16_t id : known.qos2_ids) s.qos2_received.emplace_back(id);
    return true;
  }

  void read_subscriptions() {
    each_row(db_.rows(column::subscription), [this](std::string_view key, std::string_view value) {
      const auto name = read_subscription_key(key);
      const auto terms = read_subscription(value);
      if (!name || !terms) return false;
      if (store::restored_session* const s = session(name->session); s != nullptr && !s->ended) {
        s->subscriptions.push_back({std::string{name->filter}, *terms});
      }
      return true;
    });
  }

  void read_journal() {
    if (from_.journal.first == 0) return;
    chunk_walk at{db_, from_.journal.first, chunk_walk::checks::none};
    for (; at.valid(); at.next()) {
      // Checked in the first reading.
      auto chunk = chunk_reader::open_checked(at.bytes(), at.number());
      if (!chunk) continue;
      chunk_record r;
      std::uint32_t offset = 0;
      while (chunk->next(r, offset)) {
        if (const auto* const m = std::get_if<message_record>(&r)) {
          add_message(*m, at.number(), offset);
        }
        if (const auto* const e = std::get_if<enqueued_record>(&r)) add_entry(*e);
      }
    }
    if (!at.status().ok()) add_damage(at.status(), report_);
  }

  /// A live message, with its body if all are loaded.
  found_message take(const message_record& r) {
    found_message m{.summary = {.number = r.fields.number,
                                .content_size = r.content_size(),
                                .arrival = r.fields.arrival,
                                .expiry_s = r.fields.expiry_s},
                    .body = {}};
    if (load_at_once_) {
      m.body = mqtt::message::make(r.fields);
      out_.bodies_bytes += r.content_size();
    }
    return m;
  }

  void add_message(const message_record& r, std::uint64_t chunk, std::uint32_t offset) {
    const std::uint64_t number = r.fields.number.value();
    if (state_.messages().find(number) != body_location{chunk, offset}) return;
    last_ = take(r);
    // A body lies in front of the first record that names it. So one that is named once is mostly
    // not looked for again, and a map of all of them would be most of the time of a start.
    if (state_.messages().references(number) > 1) messages_.insert_or_assign(number, last_);
  }

  void add_entry(const enqueued_record& r) {
    const tables::session* const known = state_.find(r.session);
    store::restored_session* const s = session(r.session);
    if (known == nullptr || s == nullptr || known->log.find(r.position) != r.message) return;
    const entry_extra extra = known->log.extra_of(r.position);
    store::restored_entry& e = s->entries.emplace_back();
    e.position = store::log_position{r.position};
    e.quality = r.quality;
    e.retain = r.retain;
    e.share = r.share;
    byte_reader identifiers{r.identifiers};
    while (!identifiers.at_end()) e.identifiers.push_back(identifiers.integer<std::uint32_t>());
    e.id = mqtt::packet_id{extra.id};
    e.received = extra.received;
    const mqtt::message_number number{r.message};
    if (last_.summary.number == number) {
      fill(e, last_);
    } else if (const auto at = messages_.find(r.message); at != messages_.end()) {
      fill(e, at->second);
    } else {
      e.summary.number = number;
      strays_.push_back({index_.at(r.session), s->entries.size() - 1});
    }
  }

  static void fill(store::restored_entry& e, const found_message& m) {
    e.summary = m.summary;
    e.message = m.body;
  }

  /// Entries whose message came elsewhere in the journal.
  void find_strays() {
    std::vector<std::uint64_t> wanted;
    for (const auto& [session, entry] : strays_) {
      wanted.push_back(out_.sessions[session].entries[entry].summary.number.value());
    }
    read_messages(std::move(wanted), [this](const message_record& r) {
      messages_.insert_or_assign(r.fields.number.value(), take(r));
    });
    for (const auto& [session, entry] : strays_) {
      store::restored_entry& e = out_.sessions[session].entries[entry];
      const auto at = messages_.find(e.summary.number.value());
      if (at != messages_.end()) fill(e, at->second);  // else the first reading has reported it
    }
  }

  /// Round by round: the n-th entry of every session before the next one of any.
  void load_first_bodies() {
    std::vector<store::restored_entry*> chosen;
    boost::unordered_flat_map<std::uint64_t, base::ref<const mqtt::message>> bodies;
    std::vector<store::restored_session*> unfinished;
    for (auto& s : out_.sessions) unfinished.push_back(&s);
    bool is_full = false;
    for (std::size_t depth = 0; !unfinished.empty() && !is_full; ++depth) {
      std::erase_if(unfinished, [&](const auto* s) { return s->entries.size() <= depth; });
      for (store::restored_session* const s : unfinished) {
        store::restored_entry& e = s->entries[depth];
        if (!bodies.contains(e.summary.number.value())) {
          is_full = out_.bodies_bytes + e.summary.content_size > budget_;
          if (is_full) break;
          out_.bodies_bytes += e.summary.content_size;
          bodies.try_emplace(e.summary.number.value());
        }
        chosen.push_back(&e);
      }
    }
    std::vector<std::uint64_t> wanted;
    for (const auto& [number, body] : bodies) wanted.push_back(number);
    read_messages(std::move(wanted), [&](const message_record& r) {
      bodies[r.fields.number.value()] = mqtt::message::make(r.fields);
    });
    for (store::restored_entry* const e : chosen) {
      e->message = bodies.at(e->summary.number.value());
    }
  }

  /// Calls `f(record)` for these messages, in the order of the journal.
  template <class F>
  void read_messages(std::vector<std::uint64_t> numbers, F&& f) {
    std::vector<body_location> places;
    places.reserve(numbers.size());
    for (const std::uint64_t n : numbers) places.push_back(state_.messages().find(n));
    std::sort(places.begin(), places.end(), [](const auto& a, const auto& b) {
      return std::pair{a.chunk, a.offset} < std::pair{b.chunk, b.offset};
    });
    places.erase(std::unique(places.begin(), places.end()), places.end());
    rocksdb::PinnableSlice chunk;
    std::uint64_t loaded = 0;
    for (const body_location& at : places) {
      if (at.chunk == 0) continue;  // the first reading has reported it
      if (at.chunk != loaded) {
        chunk.Reset();
        const auto s = db_.db().Get({}, db_.journal(), key_of(at.chunk), &chunk);
        if (!s.ok()) {
          add_damage(s, report_);
          return;
        }
        loaded = at.chunk;
      }
      const auto r = message_at(view(chunk), at.offset);
      if (r) f(*r);
    }
  }

  void read_wills() {
    each_row(db_.rows(column::will), [this](std::string_view /*key*/, std::string_view value) {
      const auto row = read_will(value);
      if (!row) return false;
      out_.wills.push_back({std::string{row->client_id}, mqtt::message::make(row->message),
                            row->keep_alive_s, row->delay_s});
      return true;
    });
  }

  void read_retained() {
    each_row(db_.rows(column::retained), [this](std::string_view /*key*/, std::string_view value) {
      const auto fields = store_rocksdb::read_retained(value);
      if (fields) out_.retained.push_back(mqtt::message::make(*fields));
      return fields.has_value();
    });
  }

  database& db_;
  const replayed& from_;
  const tables& state_;
  std::size_t budget_;
  damage_report& report_;
  bool load_at_once_ = false;
  boost::unordered_flat_map<std::uint64_t, std::size_t> index_;
  found_message last_;  ///< of the journal as far as it is read
  boost::unordered_flat_map<std::uint64_t, found_message> messages_;  ///< named more than once
  struct stray {
    std::size_t session;
    std::size_t entry;
  };
  std::vector<stray> strays_;
  restored out_;
};

}  // namespace

restored restore_sessions(database& db, const replayed& from, std::size_t body_bytes,
                          damage_report& report) {
  return restoring{db, from, body_bytes, report}.all();
}

void find_gaps(database& db, const replayed& from, damage_report& report) {
  std::map<std::uint64_t, std::vector<std::uint64_t>> written;
  std::map<std::uint64_t, std::uint64_t> named;  // largest position that any record names
  const std::unique_ptr<rocksdb::Iterator> at{db.db().NewIterator({}, db.journal())};
  for (std::uint64_t number = from.journal.first; number <= from.journal.last; ++number) {
    rocksdb::PinnableSlice bytes;
    if (!db.db().Get({}, db.journal(), key_of(number), &bytes).ok()) continue;
    auto chunk = chunk_reader::open(view(bytes), number);
    if (!chunk) continue;
    chunk_record r;
    std::uint32_t offset = 0;
    const auto name = [&](std::uint64_t session, std::uint64_t position) {
      named[session] = std::max(named[session], position);
    };
    while (chunk->next(r, offset)) {
      if (const auto* const e = std::get_if<enqueued_record>(&r)) {
        written[e->session].push_back(e->position);
        name(e->session, e->position);
      }
      if (const auto* const s = std::get_if<sent_record>(&r)) name(s->session, s->position);
      if (const auto* const s = std::get_if<removed_record>(&r)) name(s->session, s->position);
    }
  }
  for (auto& [session, last] : named) {
    const tables::session* const s = from.state->find(session);
    if (s == nullptr) continue;
    std::vector<std::uint64_t>& positions = written[session];
    std::sort(positions.begin(), positions.end());
    // Below `kept_next` the journal was cleaned. Without it, the first that is left is the start.
    std::uint64_t next = s->kept_next != 0    ? s->kept_next
                         : !positions.empty() ? positions.front()
                                              : last;
    positions.push_back(last + 1);
    std::string value;
    std::ignore = db.db().Get({}, db.rows(column::session),
                              session_key(session, session_row::opened), &value);
    const auto opened = read_opened(value);
    for (const std::uint64_t position : positions) {
      if (position > next) {
        report.gaps.push_back(
            {session, opened ? std::string{opened->client_id} : std::string{}, next, position - 1});
      }
      next = std::max(next, position + 1);
    }
  }
}

}  // namespace godwit::store_rocksdb
