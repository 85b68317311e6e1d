#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>

namespace godwit::kill_loop {

/// The command line.
struct options {
  std::uint64_t kills = 20;
  std::size_t clients = 200;
  std::optional<std::uint64_t> seed{};
  double seconds = 1.0;          ///< between a start and the next kill, on average
  std::uint64_t per_round = 25;  ///< kills between two looks at everything
  std::size_t shards = 4;
  double rate = 300;  ///< messages a second, over all publishers
  std::string ack = "durable";
  std::string persistence = "disk";
  bool expect_loss = false;  ///< the run is good when it sees a loss
  std::uint64_t tries = 1;   ///< so many seeds, until the run is good
};

/// Throws bench_error that names the wrong argument.
[[nodiscard]] options parse_options(std::span<const char* const> arguments);
[[nodiscard]] std::string usage_text();

}  // namespace godwit::kill_loop
