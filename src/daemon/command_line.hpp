#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <variant>

namespace godwit::daemon {

/// Statuses that godwitd ends with.
enum class exit_status : int {
  ended = 0,        ///< asked to stop, or had nothing else to do than answer
  failed = 1,       ///< could not start (port in use, no permission, ...) or had to give up
  wrong_input = 2,  ///< the command line or the configuration is wrong; nothing was started
  cut_short = 3,    ///< a second signal cut the graceful stop short
};

/// What the command line asks for.
struct command_line {
  enum class task : std::uint8_t {
    run,
    check,
    print_effective,
    version,
    help,
    store_verify,
    store_stats,
    store_backup,
    store_restore,
  };
  task what = task::run;
  std::string config_file;            ///< empty: no configuration
  std::optional<std::uint16_t> port;  ///< of the first listener and those that share its port
  std::string store_directory;        ///< empty: as the configuration says
  bool quarantine = false;            ///< start although the store is damaged
  std::string backup;                 ///< where `store backup` writes and `store restore` reads
};

/// What is wrong with a command line, and what would be right: one line.
struct usage_mistake {
  std::string what;
};

/// `arguments` without the program's name.
[[nodiscard]] std::variant<command_line, usage_mistake> parse_command_line(
    std::span<const std::string_view> arguments);

/// The text of --help.
[[nodiscard]] std::string help_text();

}  // namespace godwit::daemon
