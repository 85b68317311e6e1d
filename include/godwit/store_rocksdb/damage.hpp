#pragma once

#include <cstdint>
#include <optional>
#include <stdexcept>
#include <string>
#include <vector>

namespace godwit::store_rocksdb {

/// Chunks `first` to `last` of the journal.
struct chunk_range {
  std::uint64_t first = 0;
  std::uint64_t last = 0;
  friend bool operator==(const chunk_range&, const chunk_range&) = default;
};

/// A session in whose log positions are missing that were written once.
struct log_gap {
  std::uint64_t session = 0;
  std::string client_id;
  std::uint64_t first_position = 0;  ///< first missing
  std::uint64_t last_position = 0;   ///< last missing of this gap
};

/// One place where bytes are not what was written.
struct damaged_place {
  std::string file;                     ///< path; empty if no single file is to blame
  std::optional<std::uint64_t> offset;  ///< in the file, as near as it is known
  std::string what;
};

/// Everything that is wrong with a store.
struct damage_report {
  std::vector<damaged_place> places;
  std::vector<chunk_range> missing_chunks;
  std::vector<log_gap> gaps;
  /// Sessions other than those with a gap may have lost messages too: the end of the journal is
  /// missing, or rows that name sessions are.
  bool others_possible = false;

  [[nodiscard]] bool empty() const noexcept {
    return places.empty() && missing_chunks.empty() && gaps.empty() && !others_possible;
  }
  /// Several lines for an operator, without the last newline.
  [[nodiscard]] std::string text() const;
};

/// Why a store does not open. Never renumber: the daemon's exit texts depend on it.
enum class open_error : std::uint8_t {
  in_use = 1,        ///< another process has it; the text names its pid
  damaged = 2,       ///< `report()` says what
  newer_schema = 3,  ///< written by a later version
  not_a_store = 4,   ///< the directory holds something else
  io = 5,            ///< the operating system says no
};

/// Thrown by `rocksdb_store::open` and the tools.
class open_failed : public std::runtime_error {
 public:
  open_failed(open_error why, const std::string& text) : std::runtime_error{text}, why_{why} {}
  explicit open_failed(damage_report report)
      : std::runtime_error{report.text()}, why_{open_error::damaged}, report_{std::move(report)} {}

  [[nodiscard]] open_error why() const noexcept { return why_; }
  [[nodiscard]] const damage_report& report() const noexcept { return report_; }

 private:
  open_error why_;
  damage_report report_;
};

}  // namespace godwit::store_rocksdb
