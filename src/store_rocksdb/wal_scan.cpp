#include "wal_scan.hpp"

#include "crc32c.hpp"

#include <algorithm>
#include <bit>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <iterator>

namespace godwit::store_rocksdb {
namespace {

// RocksDB's log format: blocks of 32 KiB; a record has a masked CRC-32C of type and content, a
// length of 16 bits and a type; all little-endian. The last 6 bytes of a block are never a header.
constexpr std::size_t block_size = 32'768;
constexpr std::size_t header_size = 7;
constexpr unsigned char last_plain_type = 4;

std::uint32_t unmask(std::uint32_t masked) noexcept {
  return std::rotl(masked - 0xa282ead8U, 15);
}

std::uint64_t little(std::string_view bytes, std::size_t at, std::size_t size) noexcept {
  std::uint64_t value = 0;
  for (std::size_t i = size; i > 0; --i) {
    value = value << 8U | static_cast<unsigned char>(bytes[at + i - 1]);
  }
  return value;
}

/// The offset of the first bad record, or nothing.
std::optional<std::uint64_t> first_bad(std::string_view log) {
  std::size_t at = 0;
  while (at < log.size()) {
    const std::size_t left = block_size - at % block_size;
    if (left < header_size) {
      at += left;
      continue;
    }
    if (log.size() - at < header_size) return at;
    const auto length = static_cast<std::size_t>(little(log, at + 4, 2));
    const auto type = static_cast<unsigned char>(log[at + 6]);
    if (type == 0 && length == 0) {
      // Space that was set aside and not written.
      const std::string_view rest = log.substr(at);
      if (std::all_of(rest.begin(), rest.end(), [](char c) { return c == 0; })) {
        return std::nullopt;
      }
      return at;
    }
    if (length > left - header_size || length > log.size() - at - header_size) return at;
    const auto stored = unmask(static_cast<std::uint32_t>(little(log, at, 4)));
    if (type > last_plain_type && type != 9) return at;
    if (stored != crc32c(log.substr(at + 6, length + 1))) return at;
    at += header_size + length;
  }
  return std::nullopt;
}

}  // namespace

void find_log_damage(const std::string& database, damage_report& report) {
  std::vector<std::filesystem::path> logs;
  std::error_code error;
  for (const auto& file : std::filesystem::directory_iterator{database, error}) {
    const std::string name = file.path().filename().string();
    if (file.path().extension() == ".log" || name.starts_with("MANIFEST-")) {
      logs.push_back(file.path());
    }
  }
  std::sort(logs.begin(), logs.end());
  for (const auto& path : logs) {
    std::ifstream file{path, std::ios::binary};
    const std::string bytes{std::istreambuf_iterator<char>{file}, {}};
    if (const auto offset = first_bad(bytes)) {
      report.places.push_back({path.string(), *offset, "a record is not what was written"});
    }
  }
}

}  // namespace godwit::store_rocksdb
