#include "meta.hpp"

#include "codec.hpp"
#include "files.hpp"
#include "status.hpp"

namespace godwit::store_rocksdb {
namespace {

constexpr std::uint8_t meta_format = 1;

std::string schema_value() {
  std::string value;
  append_integers(value, meta_format, schema);
  return value;
}

}  // namespace

void raise_schema(database& db, const std::string& directory) {
  std::string found;
  const rocksdb::Status read = db.db().Get({}, db.meta(), "schema", &found);
  if (read.ok() && found == schema_value()) return;
  rocksdb::WriteOptions o;
  o.sync = true;
  check_opening(db.db().Put(o, db.meta(), "schema", schema_value()), directory);
}

void write_fresh_meta(database& db, const std::string& directory) {
  rocksdb::WriteBatch batch;
  std::ignore = batch.Put(db.meta(), "schema", schema_value());
  std::string value;
  append_integers(value, meta_format);
  value += fresh_uuid();
  std::ignore = batch.Put(db.meta(), "uuid", value);
  rocksdb::WriteOptions o;
  o.sync = true;
  check_opening(db.db().Write(o, &batch), directory);
}

}  // namespace godwit::store_rocksdb
