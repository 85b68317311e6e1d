#include "fetcher.hpp"

#include "codec.hpp"

#include <algorithm>
#include <iterator>

namespace godwit::store_rocksdb {

fetcher::fetcher(journal& from, std::mutex& tables_lock, std::function<void()> on_answer,
                 std::function<void(const std::string&)> on_error)
    : journal_{from},
      tables_lock_{tables_lock},
      on_answer_{std::move(on_answer)},
      on_error_{std::move(on_error)},
      committed_{from.last()},
      thread_{[this] { run(); }} {}

fetcher::~fetcher() {
  stop();
}

void fetcher::stop() {
  {
    const std::scoped_lock guard{lock_};
    stopped_ = true;
  }
  news_.notify_all();
  if (thread_.joinable()) thread_.join();
}

void fetcher::request(store::fetch_request&& wanted) {
  {
    const std::scoped_lock guard{lock_};
    waiting_.push_back(std::move(wanted));
  }
  news_.notify_one();
}

std::vector<store::fetched> fetcher::take(std::uint8_t shard) {
  const std::scoped_lock guard{lock_};
  const auto found = answered_.find(shard);
  if (found == answered_.end()) return {};
  auto out = std::move(found->second);
  answered_.erase(found);
  return out;
}

void fetcher::committed(std::uint64_t chunk) {
  bool must_wake = false;
  {
    const std::scoped_lock guard{lock_};
    committed_ = chunk;
    ++commits_seen_;
    must_wake = !waiting_.empty();
  }
  if (must_wake) news_.notify_one();
}

void fetcher::run() {
  std::unique_lock guard{lock_};
  while (true) {
    news_.wait(guard, [this] { return stopped_ || !waiting_.empty(); });
    if (stopped_) return;
    std::vector<store::fetch_request> wanted = take_waiting();
    const std::uint64_t commits = commits_seen_;
    std::vector<store::fetched> to(wanted.size());
    guard.unlock();
    const outcome how = answer(wanted, to);
    guard.lock();
    if (how == outcome::done) {
      for (std::size_t i = 0; i < to.size(); ++i) {
        answered_[wanted[i].shard].push_back(std::move(to[i]));
      }
      guard.unlock();
      on_answer_();
      guard.lock();
      continue;
    }
    if (how == outcome::failed) return;
    waiting_.insert(waiting_.begin(), std::make_move_iterator(wanted.begin()),
                    std::make_move_iterator(wanted.end()));
    if (how == outcome::moved) continue;
    news_.wait(guard, [&] { return stopped_ || commits_seen_ != commits; });
  }
}

/// Sessions that drain at the same time want messages of the same chunks, so what waits is read
/// together: each chunk once.
std::vector<store::fetch_request> fetcher::take_waiting() {
  constexpr std::size_t messages_max = 4'096;
  std::vector<store::fetch_request> some;
  for (std::size_t messages = 0; !waiting_.empty() && messages < messages_max;) {
    messages += waiting_.front().messages.size();
    some.push_back(std::move(waiting_.front()));
    waiting_.pop_front();
  }
  return some;
}

fetcher::outcome fetcher::answer(const std::vector<store::fetch_request>& wanted,
                                 std::vector<store::fetched>& to) {
  for (std::size_t i = 0; i < wanted.size(); ++i) {
    to[i].id = wanted[i].id;
    to[i].messages.assign(wanted[i].messages.size(), {});
  }
  const std::vector<place> places = find_places(wanted);
  if (places.empty()) return outcome::done;
  {
    const std::scoped_lock guard{lock_};
    if (places.back().where.chunk > committed_) return outcome::not_yet;
  }
  const auto held = journal_.hold_database();
  database* const db = journal_.held_database();
  return db == nullptr ? outcome::not_yet : read(*db, places, to);
}

std::vector<fetcher::place> fetcher::find_places(const std::vector<store::fetch_request>& wanted) {
  std::vector<place> places;
  for (std::size_t i = 0; i < wanted.size(); ++i) {
    const std::vector<mqtt::message_number>& numbers = wanted[i].messages;
    const std::scoped_lock guard{tables_lock_};
    for (std::size_t k = 0; k < numbers.size(); ++k) {
      const body_location where = journal_.content().messages().find(numbers[k].value());
      if (where.chunk != 0) places.push_back({numbers[k].value(), where, i, k});
    }
  }
  std::sort(places.begin(), places.end(), [](const place& a, const place& b) {
    return std::pair{a.where.chunk, a.where.offset} < std::pair{b.where.chunk, b.where.offset};
  });
  return places;
}

fetcher::outcome fetcher::read(database& db, const std::vector<place>& places,
                               std::vector<store::fetched>& to) {
  rocksdb::PinnableSlice bytes;
  std::uint64_t loaded = 0;
  for (const place& p : places) {
    if (p.where.chunk != loaded) {
      bytes.Reset();
      const auto s = db.db().Get({}, db.journal(), key_of(p.where.chunk), &bytes);
      if (s.IsNotFound()) return outcome::moved;
      if (!s.ok() || !chunk_reader::open(view(bytes), p.where.chunk)) {
        on_error_(s.ok() ? "journal chunk " + std::to_string(p.where.chunk) +
                               " is not what was written"
                         : s.ToString());
        return outcome::failed;
      }
      loaded = p.where.chunk;
    }
    const auto r = message_at(view(bytes), p.where.offset);
    if (!r || r->fields.number.value() != p.number) {
      on_error_("no message " + std::to_string(p.number) + " where it was written");
      return outcome::failed;
    }
    to[p.request].messages[p.index] = mqtt::message::make(r->fields);
    bodies_.fetch_add(1, std::memory_order_relaxed);
  }
  return outcome::done;
}

}  // namespace godwit::store_rocksdb
