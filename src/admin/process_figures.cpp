#include <godwit/admin/metrics.hpp>

#include <sys/resource.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

namespace godwit::admin {
namespace {

/// The fields of /proc/self/stat behind the program's name, which may hold anything.
std::vector<std::string> stat_fields() {
  std::ifstream file{"/proc/self/stat"};
  std::string text;
  std::getline(file, text);
  const std::size_t end = text.rfind(')');
  std::vector<std::string> fields;
  if (end == std::string::npos) return fields;
  std::size_t at = end + 2;
  while (at < text.size()) {
    const std::size_t space = std::min(text.find(' ', at), text.size());
    fields.push_back(text.substr(at, space - at));
    at = space + 1;
  }
  return fields;
}

double boot_time() {
  std::ifstream file{"/proc/stat"};
  for (std::string word; file >> word;) {
    double seconds = 0;
    if (word == "btime" && file >> seconds) return seconds;
  }
  return 0;
}

double used_cpu_seconds() {
  rusage used{};
  if (::getrusage(RUSAGE_SELF, &used) != 0) return 0;
  const auto seconds = [](const timeval& t) {
    return static_cast<double>(t.tv_sec) + static_cast<double>(t.tv_usec) / 1e6;
  };
  return seconds(used.ru_utime) + seconds(used.ru_stime);
}

}  // namespace

process_figures process_figures::read() {
  // Numbered from the third field of proc(5), which is the first one here.
  constexpr std::size_t start_field = 22 - 3;
  constexpr std::size_t resident_field = 24 - 3;
  process_figures p;
  p.cpu_seconds = used_cpu_seconds();
  const auto fields = stat_fields();
  if (fields.size() > resident_field) {
    p.resident_bytes = std::strtoull(fields[resident_field].c_str(), nullptr, 10) *
                       static_cast<std::uint64_t>(::sysconf(_SC_PAGESIZE));
    p.started_at = boot_time() + std::strtod(fields[start_field].c_str(), nullptr) /
                                     static_cast<double>(::sysconf(_SC_CLK_TCK));
  }
  std::error_code error;
  for (std::filesystem::directory_iterator at{"/proc/self/fd", error}, end; at != end && !error;
       at.increment(error)) {
    ++p.open_files;
  }
  rlimit most{};
  if (::getrlimit(RLIMIT_NOFILE, &most) == 0) p.files_max = most.rlim_cur;
  return p;
}

}  // namespace godwit::admin
