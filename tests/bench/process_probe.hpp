#pragma once

#include <sys/types.h>

#include <chrono>
#include <cstdint>
#include <optional>

namespace godwit::bench {

struct process_memory {
  std::uint64_t resident_bytes = 0;   ///< VmRSS
  std::uint64_t anonymous_bytes = 0;  ///< resident pages of its own, without files and libraries
};

/// Looks at a running process from outside. With pid 0 every question has no answer.
class process_probe {
 public:
  /// Throws bench_error when there is no such process.
  explicit process_probe(pid_t pid);

  /// CPU time of all its threads so far, ended ones and kernel work included, in nanoseconds.
  /// Throws bench_error when it has ended.
  [[nodiscard]] std::optional<std::chrono::nanoseconds> cpu() const;

  /// Throws bench_error when it has ended.
  [[nodiscard]] std::optional<process_memory> memory() const;

  /// What it has caused to be written to a device so far, in bytes; files in memory do not count.
  /// No answer when the system does not tell. Throws bench_error when it has ended.
  [[nodiscard]] std::optional<std::uint64_t> written_bytes() const;

  /// This process's own CPU time.
  [[nodiscard]] static std::chrono::nanoseconds own_cpu();

 private:
  pid_t pid_;
  clockid_t clock_ = 0;
};

}  // namespace godwit::bench
