#pragma once

#include <godwit/store/store.hpp>

#include <string>

namespace godwit::test {

enum class bodies : std::uint8_t { with, without };

/// Everything that `recover` hands out, as text to compare. `without`: bodies of log entries may be
/// left in the store.
[[nodiscard]] std::string describe(store::store& s, bodies b = bodies::with);

}  // namespace godwit::test
