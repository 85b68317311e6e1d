#pragma once

#include "command_line.hpp"

#include <boost/json.hpp>

#include <chrono>
#include <span>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace godwit::daemon {

/// One option of a command that asks a running broker.
struct remote_option {
  std::string_view name;   ///< "--limit"
  std::string_view value;  ///< "N" (a number), another word (a text), or empty (a flag)
  std::string_view field;  ///< of the request; empty: godwitctl's own
  std::string_view doc;
};

/// One of these commands.
struct remote_command {
  std::string_view words;    ///< "clients list"
  std::string_view request;  ///< "clients.list"
  std::string_view operand;  ///< "ID", in brackets if it may be left out; empty: none
  std::string_view field;    ///< of the request, for the operand
  std::string_view columns;  ///< of a table for people, with commas between; empty: lines
  std::string_view doc;
  std::vector<remote_option> options;
};
[[nodiscard]] const std::vector<remote_command>& remote_commands();

/// A line of godwitctl that asks a running broker.
struct remote_line {
  const remote_command* command = nullptr;  ///< null: help is wanted
  boost::json::object request;
  std::string socket;       ///< --socket
  std::string config_file;  ///< --config
  std::string file;         ///< --file: what to publish
  bool as_json = false;
  bool once = false;
  std::chrono::seconds interval{2};
};

/// Do these arguments begin with one of the commands (or the first word of one)?
[[nodiscard]] bool is_remote(std::span<const std::string_view> arguments);
[[nodiscard]] std::variant<remote_line, usage_mistake> parse_remote(
    std::span<const std::string_view> arguments);

/// All of them, one line each.
[[nodiscard]] std::string remote_summary();
/// What `command --help` prints.
[[nodiscard]] std::string remote_help(const remote_command& c);

}  // namespace godwit::daemon
