#include "chunk_walk.hpp"

#include "codec.hpp"

namespace godwit::store_rocksdb {

chunk_walk::chunk_walk(database& db, std::uint64_t from, checks c) {
  rocksdb::ReadOptions how;
  how.readahead_size = std::size_t{2} << 20U;
  how.verify_checksums = c == checks::all;
  how.fill_cache = false;
  at_.reset(db.db().NewIterator(how, db.journal()));
  at_->Seek(key_of(from));
}

std::uint64_t chunk_walk::number() const {
  byte_reader key{view(at_->key())};
  return key.integer<std::uint64_t>();
}

std::string_view chunk_walk::bytes() const {
  return view(at_->value());
}

}  // namespace godwit::store_rocksdb
