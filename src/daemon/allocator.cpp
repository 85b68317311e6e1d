#include "allocator.hpp"

#ifdef GODWIT_JEMALLOC

#include <jemalloc/jemalloc.h>

#include <algorithm>
#include <cstddef>

/// Free pages go back to the system within half a second, in the background: a broker that was busy
/// once is small again soon, and no thread of ours waits for that. jemalloc reads it by this name.
const char* malloc_conf = "background_thread:true,dirty_decay_ms:500,muzzy_decay_ms:0";

namespace godwit::daemon {
namespace {

std::uint64_t read(const char* name) noexcept {
  std::size_t value = 0;
  std::size_t size = sizeof value;
  return ::mallctl(name, &value, &size, nullptr, 0) == 0 ? value : 0;
}

}  // namespace

std::uint64_t unused_memory() noexcept {
  std::uint64_t epoch = 1;  // any number: the figures are of now
  ::mallctl("epoch", nullptr, nullptr, &epoch, sizeof epoch);
  const std::uint64_t used = read("stats.allocated");
  return std::max(read("stats.resident"), used) - used;
}

void give_back_unused_memory() noexcept {
  ::mallctl("arena.4096.purge", nullptr, nullptr, nullptr, 0);  // MALLCTL_ARENAS_ALL
}

}  // namespace godwit::daemon

#else

namespace godwit::daemon {

std::uint64_t unused_memory() noexcept {
  return 0;
}

void give_back_unused_memory() noexcept {}

}  // namespace godwit::daemon

#endif
