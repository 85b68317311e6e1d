#include "options.hpp"

#include "bench/wire.hpp"

#include <charconv>
#include <string_view>

namespace godwit::kill_loop {
namespace {

template <typename Number>
Number parse_number(std::string_view key, std::string_view text) {
  Number value{};
  const char* end = text.data() + text.size();
  const auto [rest, error] = std::from_chars(text.data(), end, value);
  if (error != std::errc{} || rest != end) {
    throw bench::bench_error(std::string{key} + ": \"" + std::string{text} + "\" is no number");
  }
  return value;
}

bool set(options& o, std::string_view key, std::string_view text) {
  if (key == "--kills") {
    o.kills = parse_number<std::uint64_t>(key, text);
  } else if (key == "--clients") {
    o.clients = parse_number<std::size_t>(key, text);
  } else if (key == "--seed") {
    o.seed = parse_number<std::uint64_t>(key, text);
  } else if (key == "--seconds") {
    o.seconds = parse_number<double>(key, text);
  } else if (key == "--round") {
    o.per_round = parse_number<std::uint64_t>(key, text);
  } else if (key == "--shards") {
    o.shards = parse_number<std::size_t>(key, text);
  } else if (key == "--rate") {
    o.rate = parse_number<double>(key, text);
  } else if (key == "--tries") {
    o.tries = parse_number<std::uint64_t>(key, text);
  } else if (key == "--ack" && (text == "durable" || text == "received")) {
    o.ack = text;
  } else if (key == "--persistence" && (text == "disk" || text == "none")) {
    o.persistence = text;
  } else {
    return false;
  }
  return true;
}

}  // namespace

options parse_options(std::span<const char* const> arguments) {
  options result;
  for (std::size_t i = 0; i < arguments.size(); ++i) {
    const std::string_view key = arguments[i];
    if (key == "--expect-loss") {
      result.expect_loss = true;
    } else if (i + 1 == arguments.size() || !set(result, key, arguments[i + 1])) {
      throw bench::bench_error("wrong option or value: " + std::string{key});
    } else {
      ++i;
    }
  }
  if (result.clients < 50) throw bench::bench_error("--clients: at least 50");
  if (result.per_round == 0) throw bench::bench_error("--round: at least 1");
  if (result.tries == 0) throw bench::bench_error("--tries: at least 1");
  return result;
}

std::string usage_text() {
  return "usage: GODWITD=path/to/godwitd kill_loop [--option value]...\n\n"
         "Kills the broker with SIGKILL under load, again and again, and looks for what it had\n"
         "acknowledged and has not any more. Defaults in parentheses.\n\n"
         "  --kills N              how often (20)\n"
         "  --clients N            at least 50 (200)\n"
         "  --seed S               of the plan (drawn, and printed)\n"
         "  --seconds S            from a start to the next kill, on average (1)\n"
         "  --round N              kills between two looks at everything (25)\n"
         "  --shards N             of the broker (4)\n"
         "  --rate N               messages a second (300)\n"
         "  --ack durable|received what the broker is told to wait for (durable)\n"
         "  --persistence disk|none  where it keeps its state (disk)\n"
         "  --expect-loss          good is a run that sees something acknowledged get lost\n"
         "  --tries N              so many seeds, until a run is good (1)\n\n"
         "exit status: 0 good; 1 not; 2 the run could not be made\n";
}

}  // namespace godwit::kill_loop
