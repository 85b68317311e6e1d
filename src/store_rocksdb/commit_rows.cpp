#include "commit_rows.hpp"

#include <godwit/base/assert.hpp>

namespace godwit::store_rocksdb {
namespace {

void check(const rocksdb::Status& s) {
  if (!s.ok()) throw read_failed{s};
}

}  // namespace

void commit_rows::begin(database& db, rocksdb::WriteBatch& batch) {
  db_ = &db;
  batch_ = &batch;
  for (changes& c : changed_) c.clear();
}

std::optional<std::string> commit_rows::read(column c, std::string_view key) {
  if (const auto at = of(c).find(key); at != of(c).end()) return at->second;
  std::string value;
  const rocksdb::Status s = db_->db().Get({}, db_->rows(c), slice(key), &value);
  if (s.IsNotFound()) return std::nullopt;
  check(s);
  return value;
}

void commit_rows::write(column c, std::string_view key, std::string_view value) {
  if (const auto old = read(c, key)) digest(c) -= row_hash(key, *old);
  digest(c) += row_hash(key, value);
  check(batch_->Put(db_->rows(c), slice(key), slice(value)));
  of(c).insert_or_assign(std::string{key}, std::string{value});
}

void commit_rows::erase(column c, std::string_view key) {
  const auto old = read(c, key);
  if (!old) return;
  digest(c) -= row_hash(key, *old);
  check(batch_->Delete(db_->rows(c), slice(key)));
  of(c).insert_or_assign(std::string{key}, std::nullopt);
}

void commit_rows::erase_all_with(column c, std::string_view prefix) {
  std::vector<std::string> keys;
  const std::unique_ptr<rocksdb::Iterator> rows{db_->db().NewIterator({}, db_->rows(c))};
  for (rows->Seek(slice(prefix)); rows->Valid() && rows->key().starts_with(slice(prefix));
       rows->Next()) {
    keys.push_back(rows->key().ToString());
  }
  check(rows->status());
  const changes& mine = of(c);
  for (auto at = mine.lower_bound(prefix); at != mine.end() && at->first.starts_with(prefix);
       ++at) {
    keys.push_back(at->first);
  }
  for (const std::string& key : keys) erase(c, key);
}

}  // namespace godwit::store_rocksdb
