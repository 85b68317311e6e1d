#include "command_line.hpp"

#include <godwit/base/escape.hpp>
#include <godwit/config/nearest.hpp>

#include <array>
#include <charconv>
#include <vector>

namespace godwit::daemon {

namespace {

using task = command_line::task;

struct option {
  std::string_view name;
  std::string_view short_name;
  std::string_view value;  ///< what it takes; empty: nothing
  std::string_view doc;
};

constexpr std::array<option, 8> options{{
    {"--config", "-c", "FILE", "read this configuration; without it Godwit uses its defaults"},
    {"--port", "-p", "N", "port of the first listener and those that share its port; 0 = any"},
    {"--store", "-s", "DIR", "keep durable state in this directory"},
    {"--quarantine", "", "",
     "start although the store is damaged: what cannot be read is set aside"},
    {"--check", "", "", "read the configuration, tell all mistakes, start nothing"},
    {"--print-effective", "", "", "print every key with its value and where it comes from"},
    {"--version", "", "", "print the version"},
    {"--help", "-h", "", "print this text"},
}};

struct store_command {
  std::string_view name;
  std::string_view value;
  task what;
  std::string_view doc;
};

constexpr std::array<store_command, 4> store_commands{{
    {"verify", "", task::store_verify,
     "read everything and tell damage; the store must not be in use"},
    {"stats", "", task::store_stats, "what is in it and how large it is; likewise"},
    {"backup", "PATH", task::store_backup,
     "copy it, also while godwitd runs on it; PATH must not exist"},
    {"restore", "PATH", task::store_restore,
     "make it a copy of a backup; the old one is set aside"},
}};

const option* find_option(std::string_view name) {
  for (const option& o : options) {
    if (o.name == name || (!o.short_name.empty() && o.short_name == name)) return &o;
  }
  return nullptr;
}

std::string quoted(std::string_view text) {
  return "\"" + base::escape_for_log(text, 60) + "\"";
}

usage_mistake unknown(std::string_view argument) {
  if (!argument.starts_with('-')) {
    return {quoted(argument) + " is not an option; a configuration is named by --config FILE"};
  }
  std::vector<std::string_view> names;
  for (const option& o : options) names.push_back(o.name);
  std::string what = "there is no option " + quoted(argument);
  if (const auto like = config::nearest(argument, names)) {
    return {what + "; did you mean " + std::string(*like) + "?"};
  }
  return {what + "; godwitd --help lists them"};
}

std::optional<std::uint16_t> read_port(std::string_view text) {
  std::uint16_t port = 0;
  const char* end = text.data() + text.size();
  const auto [stop, error] = std::from_chars(text.data(), end, port);
  if (text.empty() || error != std::errc{} || stop != end) return std::nullopt;
  return port;
}

/// Applies one option; `value` is its value, if it takes one.
std::optional<usage_mistake> apply(const option& o, std::string_view value, command_line& out) {
  if (o.name == "--config") {
    out.config_file = value;
  } else if (o.name == "--port") {
    out.port = read_port(value);
    if (!out.port) return usage_mistake{quoted(value) + " is not a port; write 0 to 65535"};
  } else if (o.name == "--store") {
    out.store_directory = value;
  } else if (o.name == "--quarantine") {
    out.quarantine = true;
  } else if (o.name == "--check") {
    out.what = task::check;
  } else if (o.name == "--print-effective") {
    out.what = task::print_effective;
  } else if (o.name == "--version") {
    out.what = task::version;
  } else {
    out.what = task::help;
  }
  return std::nullopt;
}

/// `store COMMAND [PATH]` at the head of the arguments; returns how many it took.
std::variant<std::size_t, usage_mistake> parse_store(std::span<const std::string_view> arguments,
                                                     command_line& out) {
  const std::string_view name = arguments.size() > 1 ? arguments[1] : std::string_view{};
  for (const store_command& c : store_commands) {
    if (c.name != name) continue;
    out.what = c.what;
    if (c.value.empty()) return std::size_t{2};
    if (arguments.size() < 3 || arguments[2].empty() || arguments[2].starts_with('-')) {
      return usage_mistake{"store " + std::string(name) + " takes a path: godwitd store " +
                           std::string(name) + " PATH"};
    }
    out.backup = arguments[2];
    return std::size_t{3};
  }
  return usage_mistake{"store takes verify, stats, backup PATH or restore PATH; it got " +
                       quoted(name)};
}

}  // namespace

std::variant<command_line, usage_mistake> parse_command_line(
    std::span<const std::string_view> arguments) {
  command_line out;
  std::size_t first = 0;
  if (!arguments.empty() && arguments[0] == "store") {
    const auto taken = parse_store(arguments, out);
    if (const auto* wrong = std::get_if<usage_mistake>(&taken)) return *wrong;
    first = std::get<std::size_t>(taken);
  }
  for (std::size_t i = first; i < arguments.size(); ++i) {
    const std::string_view argument = arguments[i];
    const auto equals = argument.starts_with("--") ? argument.find('=') : std::string_view::npos;
    const option* o = find_option(argument.substr(0, equals));
    if (o == nullptr) return unknown(argument.substr(0, equals));
    std::string_view value;
    if (equals != std::string_view::npos) {
      if (o->value.empty()) return usage_mistake{std::string(o->name) + " takes no value"};
      value = argument.substr(equals + 1);
    } else if (!o->value.empty()) {
      if (i + 1 < arguments.size()) value = arguments[++i];
    }
    if (!o->value.empty() && value.empty()) {
      return usage_mistake{std::string(o->name) + " takes a value: " + std::string(o->name) + " " +
                           std::string(o->value)};
    }
    if (auto wrong = apply(*o, value, out)) return *wrong;
    // Whoever asks for help gets it, whatever else the line says.
    if (out.what == task::help || out.what == task::version) return out;
  }
  return out;
}

std::string help_text() {
  std::string out =
      "godwitd - an MQTT broker (MQTT 3.1, 3.1.1 and 5.0)\n"
      "\n"
      "Usage: godwitd [options]\n"
      "       godwitd store COMMAND [options]\n"
      "\n"
      "Without options it listens on localhost, port 1883, and lets everybody on this machine in.\n"
      "It keeps sessions and messages in $STATE_DIRECTORY/store (a service has it from systemd),\n"
      "else in $XDG_STATE_HOME/godwit, else in ~/.local/state/godwit.\n"
      "\n"
      "Options:\n";
  for (const option& o : options) {
    std::string left = "  " + std::string(o.name);
    if (!o.short_name.empty()) left += ", " + std::string(o.short_name);
    if (!o.value.empty()) left += " " + std::string(o.value);
    left.resize(24, ' ');
    out += left + std::string(o.doc) + "\n";
  }
  out += "\nStore commands, on the store that the configuration or --store names:\n";
  for (const store_command& c : store_commands) {
    std::string left =
        "  " + std::string(c.name) + (c.value.empty() ? "" : " ") + std::string(c.value);
    left.resize(24, ' ');
    out += left + std::string(c.doc) + "\n";
  }
  return out +
         "\n"
         "Signals:\n"
         "  SIGTERM, SIGINT       stop: take no new connection, send what waits, close, exit with "
         "0;\n"
         "                        a second one ends at once\n"
         "  SIGHUP                open the log file again; read and check the configuration and "
         "its\n"
         "                        files; logins, rights, limits and most other keys change at\n"
         "                        once, the others at the next start; godwitctl config diff tells\n"
         "                        before which\n"
         "\n"
         "Environment:\n"
         "  GODWIT_AUTHENTICATION_PASSWORD_FILE, and others that docs/configuration.md lists, "
         "name\n"
         "                        secrets instead of the configuration's keys\n"
         "  CREDENTIALS_DIRECTORY what credential:NAME in the configuration names is there\n"
         "\n"
         "Exit status:\n"
         "  0  stopped when asked to; --check found no mistake; the store command did its work\n"
         "  1  could not start or go on: the last line of the log says why; the store is damaged\n"
         "  2  the command line or the configuration is wrong; nothing was started\n"
         "  3  a second signal cut the graceful stop short\n"
         "\n"
         "Examples:\n"
         "  godwitd                                      try it on this machine\n"
         "  godwitd --port 11883                         the same on another port\n"
         "  godwitd --check -c /etc/godwit/godwit.yaml   is this configuration right?\n"
         "  godwitd --print-effective > godwit.yaml      a file with every key, to start from\n"
         "\n"
         "Then, in two other terminals:\n"
         "  mosquitto_sub -t 'hello/#' -v\n"
         "  mosquitto_pub -t hello/world -m 'it works'\n";
}

}  // namespace godwit::daemon
