#include "chunk_walk.hpp"

#include "codec.hpp"

namespace godwit::store_rocksdb {
namespace {

constexpr std::size_t part_bytes = std::size_t{1} << 20U;
constexpr std::size_t parts_ahead_max = 4;

}  // namespace

chunk_walk::chunk_walk(database& db, std::uint64_t from, checks c)
    : reader_{[this, &db, from, c] { read(db, from, c); }} {
  take();
}

chunk_walk::~chunk_walk() {
  {
    const std::lock_guard held{lock_};
    is_over_ = true;
  }
  changed_.notify_all();
  reader_.join();
}

void chunk_walk::next() {
  if (++at_ == now_.chunks.size() && !now_.is_last) take();
}

void chunk_walk::take() {
  std::unique_lock held{lock_};
  changed_.wait(held, [this] { return !ahead_.empty(); });
  now_ = std::move(ahead_.front());
  ahead_.pop_front();
  at_ = 0;
  held.unlock();
  changed_.notify_all();
}

bool chunk_walk::hand_over(part p) {
  std::unique_lock held{lock_};
  changed_.wait(held, [this] { return is_over_ || ahead_.size() < parts_ahead_max; });
  if (is_over_) return false;
  ahead_.push_back(std::move(p));
  held.unlock();
  changed_.notify_all();
  return true;
}

void chunk_walk::read(database& db, std::uint64_t from, checks c) {
  rocksdb::ReadOptions how;
  how.readahead_size = std::size_t{2} << 20U;
  how.verify_checksums = c == checks::all;
  how.fill_cache = false;
  const std::unique_ptr<rocksdb::Iterator> at{db.db().NewIterator(how, db.journal())};
  at->Seek(key_of(from));
  bool is_last = false;
  while (!is_last) {
    part p;
    for (std::size_t size = 0; size < part_bytes && at->Valid(); at->Next()) {
      byte_reader key{view(at->key())};
      p.chunks.push_back({key.integer<std::uint64_t>(), at->value().ToString()});
      size += p.chunks.back().bytes.size();
    }
    is_last = !at->Valid();
    p.is_last = is_last;
    if (is_last) p.end = at->status();
    if (!hand_over(std::move(p))) return;
  }
}

}  // namespace godwit::store_rocksdb
