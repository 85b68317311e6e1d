#include "runner.hpp"

#include <charconv>
#include <iostream>
#include <optional>
#include <string_view>

namespace {

using godwit::sim::outcome;
using godwit::sim::runner;

std::optional<std::uint64_t> number(std::string_view text) {
  std::uint64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  return value;
}

int usage() {
  std::cerr << "usage: sim --seed N [--trace]   one run; the same seed gives the same run\n"
               "       sim --seeds A..B         all of them; reports those that fail\n";
  return 2;
}

void report(const outcome& o) {
  std::cout << "seed " << o.seed << ": " << (o.violations.empty() ? "ok" : "FAILED") << ", hash "
            << std::hex << o.hash << std::dec << ", " << o.deliveries << " deliveries, "
            << std::chrono::duration_cast<std::chrono::seconds>(o.simulated).count()
            << " s simulated\n";
  for (const std::string& v : o.violations) std::cout << "  " << v << '\n';
}

int run_range(std::string_view range) {
  const std::size_t dots = range.find("..");
  if (dots == std::string_view::npos) return usage();
  const auto first = number(range.substr(0, dots));
  const auto last = number(range.substr(dots + 2));
  if (!first || !last) return usage();
  std::size_t failed = 0;
  std::size_t deliveries = 0;
  for (std::uint64_t seed = *first; seed <= *last; ++seed) {
    const outcome o = runner{seed, false}.run();
    deliveries += o.deliveries;
    if (o.violations.empty()) continue;
    ++failed;
    report(o);
  }
  std::cout << (*last - *first + 1) << " seeds, " << failed << " failed, " << deliveries
            << " deliveries\n";
  return failed == 0 ? 0 : 1;
}

}  // namespace

int main(int argc, char** argv) {
  const std::vector<std::string_view> words{argv + 1, argv + argc};
  if (words.size() < 2 || words.size() > 3) return usage();
  if (words[0] == "--seeds" && words.size() == 2) return run_range(words[1]);
  const bool echo = words.size() == 3 && words[2] == "--trace";
  const auto seed = number(words[1]);
  if (words[0] != "--seed" || !seed || (words.size() == 3 && !echo)) return usage();
  const outcome o = runner{*seed, echo}.run();
  report(o);
  return o.violations.empty() ? 0 : 1;
}
