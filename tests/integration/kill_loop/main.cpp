#include "options.hpp"
#include "run.hpp"

#include <cstdio>
#include <cstdlib>
#include <exception>
#include <random>
#include <span>
#include <string_view>

namespace {

using namespace godwit;
using namespace godwit::kill_loop;

std::uint64_t fresh_seed() {
  return std::random_device{}();
}

int carry_out(const options& chosen) {
  const char* program = std::getenv("GODWITD");
  if (program == nullptr) throw bench::bench_error("GODWITD does not name the broker");
  for (std::uint64_t n = 0; n < chosen.tries; ++n) {
    const std::uint64_t seed = chosen.seed ? *chosen.seed + n : fresh_seed();
    if (run{chosen, seed, program}.carry_out()) return 0;
    std::printf("not good: seed %llu\n", static_cast<unsigned long long>(seed));
  }
  return 1;
}

}  // namespace

int main(int argc, char** argv) {
  try {
    const std::span<const char* const> arguments{argv + 1, static_cast<std::size_t>(argc - 1)};
    if (!arguments.empty() && std::string_view{arguments[0]} == "--help") {
      std::fputs(usage_text().c_str(), stdout);
      return 0;
    }
    return carry_out(parse_options(arguments));
  } catch (const std::exception& error) {
    std::fprintf(stderr, "kill_loop: %s\n", error.what());
    return 2;
  }
}
