#pragma once

#include "database.hpp"
#include "rows.hpp"

#include <rocksdb/write_batch.h>

#include <map>
#include <stdexcept>

namespace godwit::store_rocksdb {

/// RocksDB could not read what it has.
struct read_failed : std::runtime_error {
  explicit read_failed(rocksdb::Status s)
      : std::runtime_error{s.ToString()}, status{std::move(s)} {}
  rocksdb::Status status;
};

/// Row changes of one commit, on top of the database.
class commit_rows final : public row_store {
 public:
  explicit commit_rows(row_digests before) : digests_{before} {}
  /// Starts a commit. `db` and `batch` live until the next.
  void begin(database& db, rocksdb::WriteBatch& batch);

  [[nodiscard]] std::optional<std::string> read(column c, std::string_view key) override;
  void write(column c, std::string_view key, std::string_view value) override;
  void erase(column c, std::string_view key) override;
  void erase_all_with(column c, std::string_view prefix) override;

  /// With the changes so far.
  [[nodiscard]] const row_digests& digests() const noexcept { return digests_; }

 private:
  using changes = std::map<std::string, std::optional<std::string>, std::less<>>;

  [[nodiscard]] changes& of(column c) noexcept { return changed_[static_cast<std::size_t>(c)]; }
  [[nodiscard]] std::uint64_t& digest(column c) noexcept {
    return digests_[static_cast<std::size_t>(c)];
  }

  database* db_ = nullptr;
  rocksdb::WriteBatch* batch_ = nullptr;
  std::array<changes, 4> changed_;
  row_digests digests_;
};

}  // namespace godwit::store_rocksdb
