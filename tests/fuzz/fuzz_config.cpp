#include "require.hpp"

#include <godwit/base/bytes.hpp>
#include <godwit/config/differences.hpp>
#include <godwit/config/render.hpp>

#include <algorithm>

namespace godwit::fuzz {

void fuzz_config(base::bytes_view input);

/// The input is a configuration file: it loads or every mistake is one printable line, and what it
/// loads to survives being printed and loaded again.
void fuzz_config(base::bytes_view input) {
  const config::loaded file = config::load_text(base::as_text(input));
  for (const config::mistake& m : file.mistakes) {
    const std::string line = config::describe(m, "f");
    FUZZ_REQUIRE(std::ranges::all_of(line, [](char c) { return c >= 0x20 && c < 0x7f; }));
  }
  if (!file.mistakes.empty()) return;
  const config::loaded again = config::load_text(config::render_effective(file));
  FUZZ_REQUIRE(again.mistakes.empty());
  FUZZ_REQUIRE(config::differences(file.value, again.value).empty());
}

}  // namespace godwit::fuzz
