#include <godwit/base/escape.hpp>
#include <godwit/store_rocksdb/damage.hpp>

namespace godwit::store_rocksdb {
namespace {

std::string range(std::uint64_t first, std::uint64_t last) {
  return first == last ? std::to_string(first) : std::to_string(first) + '-' + std::to_string(last);
}

}  // namespace

std::string damage_report::text() const {
  std::string out = "the store is damaged";
  for (const damaged_place& p : places) {
    out += "\n  ";
    if (!p.file.empty()) out += p.file;
    if (p.offset) out += " at offset " + std::to_string(*p.offset);
    if (!p.file.empty() || p.offset) out += ": ";
    out += p.what;
  }
  for (const chunk_range& r : missing_chunks) {
    out += "\n  journal chunks missing: " + range(r.first, r.last);
  }
  for (const log_gap& g : gaps) {
    out += "\n  session " + std::to_string(g.session) + " of client \"" +
           base::escape_for_log(g.client_id) + "\" lacks positions " +
           range(g.first_position, g.last_position);
  }
  if (others_possible) out += "\n  that other sessions have lost messages cannot be excluded";
  return out;
}

}  // namespace godwit::store_rocksdb
