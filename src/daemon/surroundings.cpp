#include "surroundings.hpp"

#include <sched.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <fstream>
#include <random>
#include <system_error>

namespace godwit::daemon {

std::size_t default_shards() {
  constexpr std::size_t shards_max = 64;
  cpu_set_t allowed;
  CPU_ZERO(&allowed);
  if (::sched_getaffinity(0, sizeof allowed, &allowed) != 0) return 1;
  return std::clamp<std::size_t>(static_cast<std::size_t>(CPU_COUNT(&allowed)), 1, shards_max);
}

std::uint64_t random_seed() {
  std::random_device source;
  return (std::uint64_t{source()} << 32U) | source();
}

base::bytes random_secret() {
  base::bytes out;
  for (int i = 0; i < 4; ++i) {
    for (std::uint64_t left = random_seed(), byte = 0; byte < 8; ++byte, left >>= 8U) {
      out.push_back(static_cast<std::byte>(left & 0xffU));
    }
  }
  return out;
}

void forbid_core_files() {
  const rlimit none{0, 0};
  // The limit alone does not reach programs that core files are piped to.
  if (::setrlimit(RLIMIT_CORE, &none) != 0 || ::prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) != 0) {
    throw std::system_error{errno, std::generic_category(), "core files cannot be forbidden"};
  }
}

std::chrono::microseconds monotonic_now() {
  return std::chrono::duration_cast<std::chrono::microseconds>(
      std::chrono::steady_clock::now().time_since_epoch());
}

std::string take_notify_socket() {
  const char* name = std::getenv("NOTIFY_SOCKET");
  std::string out = name == nullptr ? "" : name;
  ::unsetenv("NOTIFY_SOCKET");
  return out;
}

std::optional<std::chrono::microseconds> take_watchdog() {
  const char* const every = std::getenv("WATCHDOG_USEC");
  const char* const whose = std::getenv("WATCHDOG_PID");
  const bool is_ours = whose == nullptr || std::to_string(::getpid()) == whose;
  const long long wanted = every == nullptr || !is_ours ? 0 : std::atoll(every);
  ::unsetenv("WATCHDOG_USEC");
  ::unsetenv("WATCHDOG_PID");
  if (wanted <= 0) return std::nullopt;
  return std::chrono::microseconds{wanted};
}

// What an allocator says of itself (mallinfo2) it finds out under its locks, which shards need.
std::uint64_t memory_in_use() {
  std::ifstream file{"/proc/self/statm"};
  std::uint64_t all = 0;
  std::uint64_t resident = 0;
  std::uint64_t of_files = 0;
  if (!(file >> all >> resident >> of_files) || of_files > resident) return 0;
  return (resident - of_files) * static_cast<std::uint64_t>(::sysconf(_SC_PAGESIZE));
}

bool stderr_is_journal() {
  // "device:inode" of the stream, so that a redirected standard error is not taken for it.
  const char* stream = std::getenv("JOURNAL_STREAM");
  struct stat actual {};
  if (stream == nullptr || ::fstat(STDERR_FILENO, &actual) != 0) return false;
  return std::to_string(actual.st_dev) + ":" + std::to_string(actual.st_ino) == stream;
}

file_need files_needed(const config::configuration& c, std::size_t shards) {
  // epoll, timer, wake-ups of Asio and of ours, one to refuse connections with
  constexpr std::uint64_t per_shard = 5;
  constexpr std::uint64_t per_process = 16;  // standard streams, signals, log, the rest
  std::uint64_t by_listeners = 0;
  bool all_limited = true;
  for (const config::listener& l : c.listeners) {
    by_listeners += l.options.connections_max;
    all_limited = all_limited && l.options.connections_max != 0;
  }
  file_need need;
  need.connections = c.connections_max;
  if (all_limited) {
    need.connections =
        c.connections_max == 0 ? by_listeners : std::min(need.connections, by_listeners);
  }
  need.files = need.connections + shards * (c.listeners.size() + per_shard) + per_process;
  if (need.connections != 0) need.files += c.net.files_reserved;
  return need;
}

}  // namespace godwit::daemon
