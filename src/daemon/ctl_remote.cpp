#include "ctl_remote.hpp"

#include <godwit/base/escape.hpp>
#include <godwit/config/nearest.hpp>

#include <algorithm>
#include <charconv>
#include <optional>

namespace godwit::daemon {

namespace {

namespace json = boost::json;

std::string quoted(std::string_view text) {
  return "\"" + base::escape_for_log(text) + "\"";
}

constexpr remote_option limit{"--limit", "N", "limit", "show so many at most"};
constexpr remote_option payload{"--payload", "", "payload",
                                "show payloads, too; as text, or as hex when they are none"};

const std::vector<remote_option>& common_options() {
  static const std::vector<remote_option> all{
      {"--socket", "PATH", "", "where the broker listens for this tool (control.socket)"},
      {"--config", "FILE", "", "godwitd's configuration, which names the socket"},
      {"--json", "", "", "print JSON: one object a line"},
      {"--help", "", "", "print what this command does"},
  };
  return all;
}

/// How many words of the arguments name the command; 0: they do not.
std::size_t match(const remote_command& c, std::span<const std::string_view> arguments) {
  std::size_t count = 0;
  std::string_view rest = c.words;
  while (!rest.empty()) {
    const auto space = rest.find(' ');
    if (count >= arguments.size() || arguments[count] != rest.substr(0, space)) return 0;
    ++count;
    rest = space == std::string_view::npos ? std::string_view{} : rest.substr(space + 1);
  }
  return count;
}

std::string_view first_word(std::string_view words) {
  return words.substr(0, words.find(' '));
}

const remote_option* find_option(const remote_command& c, std::string_view name) {
  for (const auto* list : {&c.options, &common_options()}) {
    const auto found = std::ranges::find(*list, name, &remote_option::name);
    if (found != list->end()) return &*found;
  }
  return nullptr;
}

usage_mistake unknown_option(const remote_command& c, std::string_view name) {
  std::vector<std::string_view> names;
  for (const auto* list : {&c.options, &common_options()}) {
    for (const remote_option& o : *list) names.push_back(o.name);
  }
  const std::string what = std::string{c.words} + " has no option " + quoted(name);
  if (const auto like = config::nearest(name, names)) {
    return {what + "; did you mean " + std::string{*like} + "?"};
  }
  return {what + "; godwitctl " + std::string{c.words} + " --help lists them"};
}

std::optional<usage_mistake> apply(const remote_option& o, std::string_view value,
                                   remote_line& line) {
  const bool is_number = o.value == "N" || o.value == "S";
  std::uint64_t number = 0;
  if (is_number) {
    const auto end = std::from_chars(value.data(), value.data() + value.size(), number);
    if (end.ec != std::errc{} || end.ptr != value.data() + value.size()) {
      return usage_mistake{std::string{o.name} + " takes a number, not " + quoted(value)};
    }
  }
  if (o.name == "--socket") line.socket = value;
  if (o.name == "--config") line.config_file = value;
  if (o.name == "--json") line.as_json = true;
  if (o.name == "--once") line.once = true;
  if (o.name == "--file") line.file = value;
  if (o.name == "--interval") {
    constexpr std::uint64_t hour = 3'600;
    line.interval = std::chrono::seconds{std::clamp<std::uint64_t>(number, 1, hour)};
  }
  if (o.field.empty()) return std::nullopt;
  if (o.value.empty()) {
    line.request[o.field] = true;
  } else if (is_number) {
    line.request[o.field] = number;
  } else {
    line.request[o.field] = value;
  }
  return std::nullopt;
}

std::optional<usage_mistake> take_operand(std::string_view word, remote_line& line) {
  const remote_command& c = *line.command;
  if (c.operand.empty() || line.request.contains(c.field)) {
    return usage_mistake{quoted(word) + " is one word too many; godwitctl " + std::string{c.words} +
                         " --help shows how it is written"};
  }
  line.request[c.field] = word;
  return std::nullopt;
}

std::string usage_of(const remote_command& c) {
  std::string out = "godwitctl " + std::string{c.words};
  if (!c.options.empty()) out += " [options]";
  if (!c.operand.empty()) out += " " + std::string{c.operand};
  return out;
}

}  // namespace

const std::vector<remote_command>& remote_commands() {
  static const std::vector<remote_command> all{
      {"status", "status", "", "", "", "what the broker is and does, in one look", {}},
      {"top",
       "top",
       "",
       "",
       "client,connected,queued,queued_bytes,inflight,unsent_bytes,address",
       "a live view: rates, and the sessions with most waiting for them",
       {{"--interval", "S", "", "seconds between two looks (2)"},
        {"--once", "", "", "look once, without rates"},
        limit}},
      {"clients list",
       "clients.list",
       "",
       "",
       "client,user,connected,version,address,subscriptions,queued,inflight",
       "every session, connected or not",
       {{"--connected", "", "connected", "only those that are"},
        {"--offline", "", "offline", "only those that are not"},
        limit}},
      {"clients show",
       "clients.show",
       "ID",
       "client",
       "time,what,reason,address",
       "one session, and when its client came and went, from where and why",
       {}},
      {"disconnect",
       "clients.disconnect",
       "ID",
       "client",
       "",
       "end a client's connection; its session stays, and its will is sent",
       {}},
      {"session delete",
       "session.delete",
       "ID",
       "client",
       "",
       "end a session with its subscriptions and everything that waits for it",
       {}},
      {"subscriptions",
       "subscriptions",
       "",
       "",
       "client,filter,qos",
       "who is subscribed to what",
       {{"--client", "ID", "client", "of one session"},
        {"--filter", "FILTER", "filter", "to exactly this filter"}}},
      {"queue peek",
       "queue.peek",
       "ID",
       "client",
       "position,state,qos,packet_id,size_bytes,arrival,topic,payload",
       "what waits for a client: the first 100 messages, without taking them",
       {limit, payload}},
      {"retained list",
       "retained.list",
       "[FILTER]",
       "filter",
       "topic,qos,payload_bytes,arrival,payload",
       "retained messages that match a filter (#)",
       {limit, payload}},
      {"retained delete",
       "retained.delete",
       "TOPIC",
       "topic",
       "",
       "clear a topic, as an empty retained message of a client does",
       {}},
      {"publish",
       "publish",
       "TOPIC",
       "topic",
       "",
       "publish as the broker itself; access rules are not asked",
       {{"--message", "TEXT", "payload", "the payload; without it and --file it is standard input"},
        {"--file", "FILE", "", "a file that holds the payload"},
        {"--qos", "N", "qos", "0, 1 or 2 (0)"},
        {"--retain", "", "retain", "keep it for those who subscribe later"}}},
      {"log level",
       "log.level",
       "[LEVEL]",
       "level",
       "",
       "show the log's level, or change it until the next start or reload",
       {}},
      {"reload",
       "reload",
       "",
       "",
       "",
       "read the configuration again: what can change live does so",
       {}},
      {"config check",
       "config.check",
       "",
       "",
       "",
       "whether the files are right, read as the broker's user",
       {}},
      {"config diff",
       "config.diff",
       "",
       "",
       "",
       "what a reload would change, and what a restart",
       {}},
      {"drain",
       "drain",
       "",
       "",
       "",
       "end all connections over some time, take no new ones; /readyz says 503",
       {{"--within", "S", "within_s", "seconds that it takes (10)"},
        {"--off", "", "off", "take connections again"}}},
      {"backup",
       "backup",
       "DIRECTORY",
       "to",
       "",
       "copy the store while it is in use, into a new directory",
       {}},
  };
  return all;
}

bool is_remote(std::span<const std::string_view> arguments) {
  return !arguments.empty() && std::ranges::any_of(remote_commands(), [&](const remote_command& c) {
    return first_word(c.words) == arguments[0];
  });
}

std::variant<remote_line, usage_mistake> parse_remote(std::span<const std::string_view> arguments) {
  remote_line line;
  std::size_t at = 0;
  for (const remote_command& c : remote_commands()) {
    if (const std::size_t words = match(c, arguments); words != 0) {
      line.command = &c;
      at = words;
    }
  }
  if (line.command == nullptr) {
    std::string like;
    for (const remote_command& c : remote_commands()) {
      if (first_word(c.words) != arguments[0]) continue;
      like += (like.empty() ? "" : " or ") + std::string{c.words};
    }
    return usage_mistake{quoted(arguments[0]) + " needs a second word: " + like};
  }
  const remote_command& c = *line.command;
  line.request["do"] = c.request;
  bool only_operands = false;
  for (; at < arguments.size(); ++at) {
    const std::string_view word = arguments[at];
    if (only_operands || !word.starts_with("--")) {
      if (auto wrong = take_operand(word, line)) return *wrong;
      continue;
    }
    if (word == "--") {
      only_operands = true;
      continue;
    }
    const auto equals = word.find('=');
    const remote_option* const o = find_option(c, word.substr(0, equals));
    if (o == nullptr) return unknown_option(c, word.substr(0, equals));
    if (o->name == "--help") {
      line.request.clear();
      return line;
    }
    std::optional<std::string_view> value;
    if (equals != std::string_view::npos) {
      value = word.substr(equals + 1);
    } else if (!o->value.empty() && at + 1 < arguments.size()) {
      value = arguments[++at];
    }
    if (o->value.empty() == value.has_value()) {
      return usage_mistake{std::string{o->name} + " takes " +
                           (o->value.empty() ? "no value" : "a value: " + std::string{o->value})};
    }
    if (auto wrong = apply(*o, value.value_or(""), line)) return *wrong;
  }
  if (!c.operand.empty() && !c.operand.starts_with('[') && !line.request.contains(c.field)) {
    return usage_mistake{"needs " + std::string{c.operand} + ": " + usage_of(c)};
  }
  return line;
}

std::string remote_summary() {
  std::string out;
  for (const remote_command& c : remote_commands()) {
    std::string left = "  " + std::string{c.words};
    if (!c.operand.empty()) left += " " + std::string{c.operand};
    left.resize(std::max<std::size_t>(left.size() + 1, 26), ' ');
    out += left + std::string{c.doc} + "\n";
  }
  return out;
}

std::string remote_help(const remote_command& c) {
  std::string out = usage_of(c) + "\n\n  " + std::string{c.doc} + ".\n\nOptions:\n";
  for (const auto* list : {&c.options, &common_options()}) {
    for (const remote_option& o : *list) {
      std::string left = "  " + std::string{o.name};
      if (!o.value.empty()) left += " " + std::string{o.value};
      left.resize(std::max<std::size_t>(left.size() + 1, 22), ' ');
      out += left + std::string{o.doc} + "\n";
    }
  }
  return out +
         "\nExit status: 0 done, 1 failed, 2 the command line or the configuration is wrong,\n"
         "3 no godwitd listens there, 4 there is no such session, connection or topic.\n";
}

}  // namespace godwit::daemon
