#pragma once

#include <godwit/base/seeded_bug.hpp>

#include <cstdint>
#include <map>
#include <string>
#include <string_view>

namespace godwit::sim {

/// What came of the search for one seeded bug.
struct finding {
  std::uint64_t seed = 0;   ///< the first one that shows it
  std::string complaint{};  ///< the oracle's, or that of an assertion; empty: not found
};

#ifdef GODWIT_SEEDED_BUGS
/// Runs the seeds in order, in a process of their own with the bug switched on, until one of them
/// fails: by the oracle, by an assertion or sanitizer, or because it does not end.
[[nodiscard]] finding hunt(base::seeded::bug which, std::uint64_t first, std::uint64_t last);

/// The description with this name; nullptr if there is none.
[[nodiscard]] const base::seeded::description* find_bug(std::string_view name);

[[nodiscard]] std::string_view name_of(base::seeded::area a);

/// Seeds that can show bugs of this area begin behind this one.
[[nodiscard]] std::uint64_t seeds_begin(base::seeded::area a);
#endif

/// The seeds that the table in docs/testing.md names, by bug.
[[nodiscard]] std::map<std::string, std::uint64_t> known_seeds(const std::string& document);

}  // namespace godwit::sim
