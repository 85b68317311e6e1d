#pragma once

#include <godwit/base/bytes.hpp>
#include <godwit/config/configuration.hpp>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>

/// What the machine and whoever started the process give it.

namespace godwit::daemon {

/// One shard per core this process may run on, at most as many as a broker can have.
[[nodiscard]] std::size_t default_shards();
/// From the system's random source: clients cannot foresee where they are placed.
[[nodiscard]] std::uint64_t random_seed();
/// 32 bytes from the same source, for keys that live as long as the process.
[[nodiscard]] base::bytes random_secret();
/// For the service manager, which compares it with its own.
[[nodiscard]] std::chrono::microseconds monotonic_now();
/// The socket of the service manager, or nothing. It is taken out of the environment.
[[nodiscard]] std::string take_notify_socket();
/// How often the service manager wants to hear that the broker is alive; nothing: never. It is
/// taken out of the environment.
[[nodiscard]] std::optional<std::chrono::microseconds> take_watchdog();
/// Bytes of memory that the process has for itself, those of files it maps aside; 0: not known.
[[nodiscard]] std::uint64_t memory_in_use();
/// Standard error goes straight to systemd's journal.
[[nodiscard]] bool stderr_is_journal();

/// No core file from now on, wherever the system puts them, and no debugger of the same user: the
/// process holds messages, keys and what it knows of passwords.
void forbid_core_files();

/// How many files may have to be open at the same time.
struct file_need {
  std::uint64_t connections = 0;  ///< as limited by the configuration; 0 = not limited
  std::uint64_t files = 0;        ///< all of it: connections, the broker's own, the reserve
};
[[nodiscard]] file_need files_needed(const config::configuration& c, std::size_t shards);

}  // namespace godwit::daemon
