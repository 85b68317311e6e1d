#pragma once

#include "command_line.hpp"

#include <godwit/mqtt/types.hpp>

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace godwit::daemon {

/// What a line of godwitctl asks for.
struct ctl_line {
  enum class task : std::uint8_t {
    help,
    version,
    passwd,
    token,
    explain_publish,
    explain_subscribe,
    explain_connect,
  };
  task what = task::help;
  task about = task::help;  ///< of help: the command that it is about; `help`: of all
  bool as_json = false;     ///< --json
  std::string config_file;  ///< --config: names the password file, rules and listeners
  std::string file;         ///< --file: the password file itself
  bool deletes = false;     ///< --delete
  bool scram = false;       ///< --scram: keys for SCRAM-SHA-256
  std::string user;         ///< passwd and token: whose entry; explain: --user
  std::string topic;        ///< or filter
  std::string client_id;
  std::string address;
  std::string listener;
  std::vector<std::string> groups;
  std::string common_name;
  bool retain = false;
  bool will = false;
  mqtt::qos quality = mqtt::qos::at_most_once;
};

/// `arguments` without the program's name.
[[nodiscard]] std::variant<ctl_line, usage_mistake> parse_ctl_line(
    std::span<const std::string_view> arguments);

/// The text of --help, of godwitctl or of one of these commands.
[[nodiscard]] std::string ctl_help_text(ctl_line::task about = ctl_line::task::help);

}  // namespace godwit::daemon
