#include "ctl_line.hpp"

#include "ctl_remote.hpp"

#include <godwit/base/escape.hpp>
#include <godwit/config/nearest.hpp>

#include <algorithm>
#include <array>
#include <utility>

namespace godwit::daemon {

namespace {

using task = ctl_line::task;

std::string quoted(std::string_view text) {
  return "\"" + base::escape_for_log(text, 60) + "\"";
}

/// A command that reads or writes files and asks no running broker.
struct local_command {
  std::string_view words;
  std::string_view operand;  ///< what stands behind it; empty: nothing
  task what;
  std::string_view doc;   ///< in the list of all
  std::string_view more;  ///< in its own help
};

constexpr std::string_view of_explain =
    "It reads the files only; the running broker is not asked. It names the line of the file that\n"
    "  decides.";

constexpr std::array<local_command, 5> commands{{
    {"passwd", "NAME", task::passwd, "make or change a user's entry in the password file",
     "The password is asked for, twice and unseen; when standard input is no terminal, its first\n"
     "  line is the password. It is never shown, and never an argument, which others could see."},
    {"token", "NAME", task::token, "make a device's entry with a new secret, and print the secret",
     "It is printed this one time: the device sends it as its password. Cheap to check, unlike a\n"
     "  password."},
    {"explain connect", "", task::explain_connect, "whether a client may log in, and why",
     of_explain},
    {"explain publish", "TOPIC", task::explain_publish, "whether a client may publish, and why",
     of_explain},
    {"explain subscribe", "FILTER", task::explain_subscribe,
     "whether a client may subscribe, and why", of_explain},
}};

const local_command& command_of(task what) {
  for (const local_command& c : commands) {
    if (c.what == what) return c;
  }
  return commands.front();
}

using tasks = std::uint32_t;
constexpr tasks one(task what) {
  return tasks{1} << static_cast<unsigned>(what);
}
constexpr tasks entries = one(task::passwd) | one(task::token);
constexpr tasks topics = one(task::explain_publish) | one(task::explain_subscribe);
constexpr tasks questions = topics | one(task::explain_connect);

struct option {
  std::string_view name;
  std::string_view value;  ///< what it takes; empty: nothing
  tasks of;
  std::string_view doc;
};

constexpr std::array<option, 15> options{{
    {"--config", "FILE", entries | questions,
     "godwitd's configuration: it names the files and the listeners"},
    {"--file", "FILE", entries, "the password file itself, instead of --config"},
    {"--delete", "", one(task::passwd), "remove the entry"},
    {"--scram", "", one(task::passwd),
     "make keys for SCRAM-SHA-256, which a password can use, too"},
    {"--user", "NAME", questions, "who asks; without it an anonymous client"},
    {"--client-id", "ID", questions, "its client id"},
    {"--address", "IP", questions, "where it comes from"},
    {"--listener", "NAME", questions, "the listener it uses; without it the first"},
    {"--group", "NAME", questions, "a group that its token names; may be given again"},
    {"--common-name", "CN", questions, "the common name of its certificate"},
    {"--qos", "N", topics, "0, 1 or 2"},
    {"--retain", "", one(task::explain_publish), "a message to be retained"},
    {"--will", "", one(task::explain_publish), "a will"},
    {"--json", "", entries | questions, "print one JSON object"},
    {"--help", "", entries | questions, "print what this command does"},
}};

const option* find_option(task what, std::string_view name) {
  for (const option& o : options) {
    if (o.name == name && (o.of & one(what)) != 0) return &o;
  }
  return nullptr;
}

std::optional<usage_mistake> apply(const option& o, std::string_view value, ctl_line& out) {
  if (o.name == "--json") out.as_json = true;
  if (o.name == "--config") out.config_file = value;
  if (o.name == "--file") out.file = value;
  if (o.name == "--delete") out.deletes = true;
  if (o.name == "--scram") out.scram = true;
  if (o.name == "--user") out.user = value;
  if (o.name == "--client-id") out.client_id = value;
  if (o.name == "--address") out.address = value;
  if (o.name == "--listener") out.listener = value;
  if (o.name == "--group") out.groups.emplace_back(value);
  if (o.name == "--common-name") out.common_name = value;
  if (o.name == "--retain") out.retain = true;
  if (o.name == "--will") out.will = true;
  if (o.name == "--qos") {
    if (value != "0" && value != "1" && value != "2") {
      return usage_mistake{quoted(value) + " is not a QoS; write 0, 1 or 2"};
    }
    out.quality = static_cast<mqtt::qos>(value[0] - '0');
  }
  return std::nullopt;
}

usage_mistake unknown(task what, std::string_view name) {
  std::vector<std::string_view> names;
  for (const option& o : options) {
    if ((o.of & one(what)) != 0) names.push_back(o.name);
  }
  const std::string command{command_of(what).words};
  const std::string wrong = command + " has no option " + quoted(name);
  if (const auto like = config::nearest(name, names)) {
    return {wrong + "; did you mean " + std::string(*like) + "?"};
  }
  return {wrong + "; godwitctl " + command + " --help lists them"};
}

/// The command at the head of the arguments; returns how many words it took, 0: there is none.
std::size_t parse_command(std::span<const std::string_view> arguments, ctl_line& out) {
  for (const local_command& c : commands) {
    const auto space = c.words.find(' ');
    if (arguments[0] != c.words.substr(0, space)) continue;
    if (space != std::string_view::npos &&
        (arguments.size() < 2 || arguments[1] != c.words.substr(space + 1))) {
      continue;
    }
    out.what = c.what;
    return space == std::string_view::npos ? 1 : 2;
  }
  return 0;
}

/// What must stand behind the command, and which options go with it.
std::optional<usage_mistake> check(const ctl_line& line) {
  const bool explains = line.what != task::passwd && line.what != task::token;
  if (!explains) {
    if (line.user.empty()) return usage_mistake{"takes a user's name: godwitctl passwd NAME"};
    if (line.scram && line.deletes) {
      return usage_mistake{"--scram makes a password's entry: godwitctl passwd --scram NAME"};
    }
    if (line.file.empty() == line.config_file.empty()) {
      return usage_mistake{"needs --config FILE, or --file FILE with the password file itself"};
    }
    return std::nullopt;
  }
  if (line.config_file.empty()) return usage_mistake{"explain needs --config FILE"};
  if (line.what != task::explain_connect && line.topic.empty()) {
    return usage_mistake{"takes a topic: godwitctl explain publish --user ann --config FILE TOPIC"};
  }
  return std::nullopt;
}

}  // namespace

std::variant<ctl_line, usage_mistake> parse_ctl_line(std::span<const std::string_view> arguments) {
  ctl_line out;
  if (arguments.empty() || arguments[0] == "--help" || arguments[0] == "-h") return out;
  if (arguments[0] == "--version") {
    out.what = task::version;
    return out;
  }
  const std::size_t first = parse_command(arguments, out);
  if (first == 0) {
    if (arguments[0] == "explain") {
      return usage_mistake{"explain needs a second word: connect, publish or subscribe"};
    }
    return usage_mistake{quoted(arguments[0]) + " is not a command; godwitctl --help lists them"};
  }
  std::string& operand = first == 2 ? out.topic : out.user;
  for (std::size_t i = first; i < arguments.size(); ++i) {
    const std::string_view argument = arguments[i];
    if (argument == "--help" || argument == "-h") {
      out.about = std::exchange(out.what, task::help);
      return out;
    }
    if (!argument.starts_with("--")) {
      if (!operand.empty()) return usage_mistake{quoted(argument) + " is one word too many"};
      operand = argument;
      continue;
    }
    const auto equals = argument.find('=');
    const option* const o = find_option(out.what, argument.substr(0, equals));
    if (o == nullptr) return unknown(out.what, argument.substr(0, equals));
    std::string_view value;
    if (equals != std::string_view::npos) {
      value = argument.substr(equals + 1);
    } else if (!o->value.empty() && i + 1 < arguments.size()) {
      value = arguments[++i];
    }
    if (o->value.empty() != value.empty()) {
      return usage_mistake{std::string(o->name) + " takes " +
                           (o->value.empty() ? "no value" : "a value: " + std::string(o->value))};
    }
    if (auto wrong = apply(*o, value, out)) return *wrong;
  }
  if (auto wrong = check(out)) return *wrong;
  return out;
}

namespace {

/// An option or a command, and what it is for, in two columns.
std::string row(std::string_view name, std::string_view value, std::size_t width,
                std::string_view doc) {
  std::string left = "  " + std::string(name);
  if (!value.empty()) left += " " + std::string(value);
  left.resize(std::max(left.size() + 1, width), ' ');
  return left + std::string(doc) + "\n";
}

std::string help_of(const local_command& c) {
  std::string out = "godwitctl " + std::string(c.words);
  out += (one(c.what) & entries) != 0 ? " (--config FILE | --file FILE)" : " --config FILE";
  out += " [options]";
  if (!c.operand.empty()) out += " " + std::string(c.operand);
  out += "\n\n  " + std::string(c.doc) + ".\n  " + std::string(c.more) + "\n\nOptions:\n";
  for (const option& o : options) {
    if ((o.of & one(c.what)) != 0) out += row(o.name, o.value, 22, o.doc);
  }
  return out +
         "\nExit status: 0 done, 1 failed or refused, 2 the command line, the configuration\n"
         "or one of its files is wrong.\n";
}

}  // namespace

std::string ctl_help_text(ctl_line::task about) {
  if (about != task::help) return help_of(command_of(about));
  std::string out =
      "godwitctl - the MQTT broker godwitd, for those who run it\n"
      "\n"
      "Ask or tell a running broker: godwitctl COMMAND [--json] [options]\n" +
      remote_summary() +
      "\n"
      "Change and explain logins, in the files: godwitctl COMMAND --config FILE [--json] "
      "[options]\n";
  for (const local_command& c : commands) out += row(c.words, c.operand, 28, c.doc);
  return out +
         "\n"
         "godwitctl COMMAND --help tells more; --version prints the version. A running broker is\n"
         "found by --socket PATH, by --config FILE, or else by /etc/godwit/godwit.yaml if it is "
         "there.\n"
         "It takes changed files with godwitctl reload.\n"
         "\n"
         "Exit status:\n"
         "  0  done; explain: it would be allowed\n"
         "  1  failed: standard error says why; explain: it would be refused\n"
         "  2  the command line, the configuration or one of its files is wrong\n"
         "  3  no godwitd listens there\n"
         "  4  there is no such session, connection or topic\n"
         "\n"
         "Examples:\n"
         "  godwitctl status\n"
         "  godwitctl clients show phone-1\n"
         "  godwitctl passwd --config /etc/godwit/godwit.yaml ann\n"
         "  godwitctl token --file /etc/godwit/users pump-17\n"
         "  godwitctl explain subscribe --config /etc/godwit/godwit.yaml --user ann 'news/#'\n";
}

}  // namespace godwit::daemon
