#include "process_probe.hpp"

#include "wire.hpp"

#include <time.h>

#include <fstream>
#include <sstream>
#include <string>

namespace godwit::bench {
namespace {

std::chrono::nanoseconds read_clock(clockid_t clock) {
  timespec value{};
  if (::clock_gettime(clock, &value) != 0) throw bench_error("the broker process has ended");
  return std::chrono::seconds{value.tv_sec} + std::chrono::nanoseconds{value.tv_nsec};
}

/// The figure after `key` in a file of "Key:  123 kB" lines, in bytes.
std::uint64_t field_bytes(const std::string& path, const std::string& key) {
  std::ifstream file{path};
  std::string line;
  while (std::getline(file, line)) {
    if (!line.starts_with(key)) continue;
    std::istringstream rest{line.substr(key.size())};
    std::uint64_t kib = 0;
    rest >> kib;
    return kib * 1024;
  }
  throw bench_error("no " + key + " in " + path + " (has the broker ended?)");
}

}  // namespace

process_probe::process_probe(pid_t pid) : pid_{pid} {
  if (pid != 0 && ::clock_getcpuclockid(pid, &clock_) != 0) {
    throw bench_error("no process with pid " + std::to_string(pid));
  }
}

std::optional<std::chrono::nanoseconds> process_probe::cpu() const {
  if (pid_ == 0) return std::nullopt;
  return read_clock(clock_);
}

std::optional<process_memory> process_probe::memory() const {
  if (pid_ == 0) return std::nullopt;
  const std::string proc = "/proc/" + std::to_string(pid_);
  return process_memory{.resident_bytes = field_bytes(proc + "/status", "VmRSS:"),
                        .anonymous_bytes = field_bytes(proc + "/smaps_rollup", "Anonymous:")};
}

std::optional<std::uint64_t> process_probe::written_bytes() const {
  if (pid_ == 0) return std::nullopt;
  std::ifstream file{"/proc/" + std::to_string(pid_) + "/io"};
  std::string key;
  std::uint64_t value = 0;
  while (file >> key >> value) {
    if (key == "write_bytes:") return value;
  }
  return std::nullopt;
}

std::chrono::nanoseconds process_probe::own_cpu() {
  return read_clock(CLOCK_PROCESS_CPUTIME_ID);
}

}  // namespace godwit::bench
