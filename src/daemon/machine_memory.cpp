#include "machine_memory.hpp"

#include <algorithm>
#include <charconv>
#include <fstream>
#include <optional>
#include <string>
#include <string_view>

namespace godwit::daemon {
namespace {

namespace fs = std::filesystem;

/// The number at the start of a file; nothing for "max" and for no file.
std::optional<std::uint64_t> number_in(const fs::path& path) {
  std::ifstream file{path};
  std::string word;
  std::uint64_t number = 0;
  if (!(file >> word)) return std::nullopt;
  const auto [end, error] = std::from_chars(word.data(), word.data() + word.size(), number);
  if (error != std::errc{} || end != word.data() + word.size()) return std::nullopt;
  return number;
}

std::uint64_t of_machine(const fs::path& root) {
  std::ifstream file{root / "proc/meminfo"};
  std::string word;
  std::uint64_t kib = 0;
  if (!(file >> word >> kib) || word != "MemTotal:") return 0;
  return kib * 1'024;
}

/// The least limit from a group up to the root of its tree.
std::uint64_t least_in(const fs::path& tree, fs::path group, std::string_view file,
                       std::uint64_t so_far) {
  for (;;) {
    if (const auto limit = number_in(tree / group / file)) so_far = std::min(so_far, *limit);
    if (group.empty()) return so_far;
    group = group.parent_path();
  }
}

}  // namespace

std::uint64_t memory_there_is(const fs::path& root) {
  std::uint64_t least = of_machine(root);
  if (least == 0) return 0;
  // Lines such as "0::/system.slice/godwit.service" or "4:memory:/system.slice".
  std::ifstream groups{root / "proc/self/cgroup"};
  const fs::path mounted = root / "sys/fs/cgroup";
  for (std::string line; std::getline(groups, line);) {
    const auto first = line.find(':');
    const auto second = line.find(':', first + 1);
    if (first == std::string::npos || second == std::string::npos) continue;
    const std::string controllers = line.substr(first + 1, second - first - 1);
    const fs::path group = fs::path{line.substr(second + 1)}.relative_path();
    if (controllers.empty()) {
      least = least_in(mounted, group, "memory.max", least);
      least = least_in(mounted, group, "memory.high", least);
    } else if (("," + controllers + ",").find(",memory,") != std::string::npos) {
      least = least_in(mounted / "memory", group, "memory.limit_in_bytes", least);
    }
  }
  return least;
}

}  // namespace godwit::daemon
