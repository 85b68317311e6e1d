#include "status.hpp"

#include <charconv>

namespace godwit::store_rocksdb {
namespace {

/// "... in /path/000012.sst offset 1234 size 56" and "/path/000012.log: ..." are RocksDB's ways to
/// name a place.
std::string file_in(const std::string& text) {
  for (const std::string_view kind : {".sst", ".log", "MANIFEST-", "CURRENT", "OPTIONS-"}) {
    const std::size_t at = text.find(kind);
    if (at == std::string::npos) continue;
    const std::size_t space = text.rfind(' ', at);
    const std::size_t begin = space == std::string::npos ? 0 : space + 1;
    const std::size_t end = text.find_first_of(" :;,", at);
    return text.substr(begin, end == std::string::npos ? end : end - begin);
  }
  return {};
}

std::optional<std::uint64_t> offset_in(const std::string& text) {
  constexpr std::string_view word = "offset ";
  const std::size_t at = text.find(word);
  if (at == std::string::npos) return std::nullopt;
  std::uint64_t offset = 0;
  const char* const begin = text.data() + at + word.size();
  const auto [end, error] = std::from_chars(begin, text.data() + text.size(), offset);
  return error == std::errc{} && end != begin ? std::optional{offset} : std::nullopt;
}

}  // namespace

void add_damage(const rocksdb::Status& s, damage_report& report) {
  const std::string text = s.ToString();
  damaged_place place{file_in(text), offset_in(text), text};
  for (const damaged_place& known : report.places) {
    if (known.what == place.what) return;
  }
  report.places.push_back(std::move(place));
}

bool is_no_space(const rocksdb::Status& s) {
  return s.IsNoSpace();
}

void check_opening(const rocksdb::Status& s, const std::string& directory) {
  if (!s.ok()) throw open_failed{open_error::io, directory + ": " + s.ToString()};
}

}  // namespace godwit::store_rocksdb
