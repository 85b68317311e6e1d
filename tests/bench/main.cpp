#include "options.hpp"
#include "scenarios.hpp"

#include <sys/prctl.h>
#include <sys/resource.h>

#include <cstdio>
#include <exception>
#include <span>
#include <string_view>

namespace {

using namespace godwit::bench;

void write_json(const report& result, const std::string& path) {
  const std::string text = result.json();
  std::FILE* file = path == "-" ? stdout : std::fopen(path.c_str(), "w");
  if (file == nullptr) throw bench_error("cannot write " + path);
  std::fwrite(text.data(), 1, text.size(), file);
  if (file != stdout) std::fclose(file);
}

void raise_file_limit() {
  rlimit limit{};
  if (::getrlimit(RLIMIT_NOFILE, &limit) != 0) return;
  limit.rlim_cur = limit.rlim_max;
  ::setrlimit(RLIMIT_NOFILE, &limit);
}

int run(std::span<const char* const> arguments) {
  if (arguments.empty() || std::string_view{arguments[0]} == "--help") {
    std::fputs(usage_text().c_str(), stdout);
    return arguments.empty() ? 2 : 0;
  }
  const options chosen = parse_options(arguments);
  raise_file_limit();
  // At a given rate the default slack of 50 us would dominate the latencies.
  ::prctl(PR_SET_TIMERSLACK, 1000UL);
  const report result = run_scenario(chosen);
  std::fputs(result.lines().c_str(), chosen.json_path == "-" ? stderr : stdout);
  if (!chosen.json_path.empty()) write_json(result, chosen.json_path);
  return result.exit_status();
}

}  // namespace

int main(int argc, char** argv) {
  try {
    return run(std::span<const char* const>{argv + 1, static_cast<std::size_t>(argc - 1)});
  } catch (const std::exception& error) {
    std::fprintf(stderr, "godwit-bench: %s\n", error.what());
    return 2;
  }
}
