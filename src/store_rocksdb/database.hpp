#pragma once

#include "internal_options.hpp"
#include "rows.hpp"

#include <godwit/store_rocksdb/options.hpp>

#include <rocksdb/db.h>

#include <array>
#include <cstdint>
#include <memory>
#include <string>

namespace godwit::store_rocksdb {

/// 2: what MQTT 5 adds. 3: the names of a retained message's publisher. 4: short entries. A store
/// of an earlier schema is read as it is and becomes one of this.
inline constexpr std::uint32_t schema = 4;

/// How much of a write-ahead log that does not end cleanly is accepted.
enum class log_end : std::uint8_t { strict, torn };
enum class access : std::uint8_t { read_only, read_write };

/// An open RocksDB with our column families. Reading is thread-safe.
class database {
 public:
  /// `made` new when nothing is there (read_write only).
  [[nodiscard]] static rocksdb::Status open(const std::string& path, const options& how,
                                            const internal_options& seams, access a, log_end end,
                                            std::unique_ptr<database>& to);
  ~database();
  database(const database&) = delete;
  database& operator=(const database&) = delete;

  [[nodiscard]] rocksdb::DB& db() noexcept { return *db_; }
  [[nodiscard]] rocksdb::ColumnFamilyHandle* journal() noexcept { return handles_[1]; }
  [[nodiscard]] rocksdb::ColumnFamilyHandle* meta() noexcept { return handles_[2]; }
  [[nodiscard]] rocksdb::ColumnFamilyHandle* rows(column c) noexcept {
    return handles_[3 + static_cast<std::size_t>(c)];
  }
  /// Why closing went wrong, if it did.
  rocksdb::Status close();

 private:
  database() = default;

  std::unique_ptr<rocksdb::Env> env_;
  std::unique_ptr<rocksdb::DB> db_;
  std::array<rocksdb::ColumnFamilyHandle*, 7> handles_{};
};

[[nodiscard]] inline rocksdb::Slice slice(std::string_view text) noexcept {
  return {text.data(), text.size()};
}
[[nodiscard]] inline std::string_view view(const rocksdb::Slice& s) noexcept {
  return {s.data(), s.size()};
}

/// RocksDB is there.
[[nodiscard]] bool has_database(const std::string& path);

}  // namespace godwit::store_rocksdb
