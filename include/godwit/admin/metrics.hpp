#pragma once

#include <godwit/observe/counters.hpp>
#include <godwit/observe/histogram.hpp>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace godwit::admin {

/// What the store says of itself.
struct store_figures {
  std::string state;  ///< "good", "low_disk", "full" or "failed"
  std::uint64_t commits = 0;
  std::uint64_t records = 0;
  std::uint64_t waiting_bytes = 0;
  std::uint64_t journal_bytes = 0;
  std::uint64_t live_bytes = 0;
  std::uint64_t moved_bytes = 0;
  std::uint64_t queued_entries = 0;
  std::uint64_t bodies = 0;
  std::uint64_t fetched_bodies = 0;
  observe::histogram_totals commit_times;  ///< µs
};

/// What the operating system says of this process.
struct process_figures {
  double cpu_seconds = 0;
  std::uint64_t resident_bytes = 0;
  std::uint64_t open_files = 0;
  std::uint64_t files_max = 0;
  double started_at = 0;  ///< seconds since 1970

  /// Reads /proc; what cannot be read stays 0. Any thread.
  [[nodiscard]] static process_figures read();
};

/// The memory ledger. Its sum is about the memory that the process has for itself.
struct memory_figures {
  std::array<std::uint64_t, observe::memory_kinds> bytes{};
  std::uint64_t limit = 0;  ///< 0: none
  observe::memory_level level{};
};
[[nodiscard]] memory_figures memory_figures_of(const observe::totals& sums,
                                               const observe::memory_gauge& gauge) noexcept;

/// Everything that `/metrics` shows, as of one moment.
struct broker_figures {
  std::string version;
  std::size_t shards = 0;
  observe::totals sums;
  std::vector<std::string_view> close_reasons;  ///< names of `sums.closes`, from 0 on
  process_figures process;
  memory_figures memory;
  std::vector<observe::totals> by_shard;
  observe::histogram_totals turn_times;             ///< µs, of all shards
  observe::histogram_totals acknowledgement_times;  ///< the same
  std::optional<store_figures> store;  ///< nothing: durable state is kept in memory only
};

/// `/metrics`, in Prometheus's text format. Counters start at 0 with the process.
[[nodiscard]] std::string render_metrics(const broker_figures& f);

}  // namespace godwit::admin
