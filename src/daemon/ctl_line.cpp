#include "ctl_line.hpp"

#include "ctl_remote.hpp"

#include <godwit/base/escape.hpp>
#include <godwit/config/nearest.hpp>

#include <array>

namespace godwit::daemon {

namespace {

using task = ctl_line::task;

std::string quoted(std::string_view text) {
  return "\"" + base::escape_for_log(text, 60) + "\"";
}

struct option {
  std::string_view name;
  std::string_view value;  ///< what it takes; empty: nothing
  bool explains;           ///< for `explain` only
  std::string_view doc;
};

constexpr std::array<option, 14> options{{
    {"--config", "FILE", false, "godwitd's configuration: it names the files and the listeners"},
    {"--file", "FILE", false, "the password file itself, instead of --config"},
    {"--delete", "", false, "passwd: remove the entry"},
    {"--scram", "", false, "passwd: make keys for SCRAM-SHA-256, which a password can use, too"},
    {"--user", "NAME", true, "who asks; without it an anonymous client"},
    {"--client-id", "ID", true, "its client id"},
    {"--address", "IP", true, "where it comes from"},
    {"--listener", "NAME", true, "the listener it uses; without it the first"},
    {"--group", "NAME", true, "a group that its token names; may be given again"},
    {"--common-name", "CN", true, "the common name of its certificate"},
    {"--qos", "N", true, "0, 1 or 2"},
    {"--retain", "", true, "publish: a message to be retained"},
    {"--will", "", true, "publish: a will"},
    {"--help", "", false, "print this text; --version prints the version"},
}};

const option* find_option(std::string_view name) {
  for (const option& o : options) {
    if (o.name == name) return &o;
  }
  return nullptr;
}

std::optional<usage_mistake> apply(const option& o, std::string_view value, ctl_line& out) {
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

usage_mistake unknown(std::string_view name) {
  std::vector<std::string_view> names;
  for (const option& o : options) names.push_back(o.name);
  std::string what = "there is no option " + quoted(name);
  if (const auto like = config::nearest(name, names)) {
    return {what + "; did you mean " + std::string(*like) + "?"};
  }
  return {what + "; godwitctl --help lists them"};
}

/// The command at the head of the arguments; returns how many words it took, 0: there is none.
std::size_t parse_command(std::span<const std::string_view> arguments, ctl_line& out) {
  const auto word = [&](std::size_t i) {
    return i < arguments.size() ? arguments[i] : std::string_view{};
  };
  if (word(0) == "passwd" || word(0) == "token") {
    out.what = word(0) == "passwd" ? task::passwd : task::token;
    return 1;
  }
  if (word(0) != "explain") return 0;
  if (word(1) == "publish") out.what = task::explain_publish;
  if (word(1) == "subscribe") out.what = task::explain_subscribe;
  if (word(1) == "connect") out.what = task::explain_connect;
  return out.what == task::help ? 0 : 2;
}

/// What must stand behind the command, and which options go with it.
std::optional<usage_mistake> check(const ctl_line& line) {
  const bool explains = line.what != task::passwd && line.what != task::token;
  if (!explains) {
    if (line.user.empty()) return usage_mistake{"takes a user's name: godwitctl passwd NAME"};
    if (line.scram && (line.deletes || line.what == task::token)) {
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
    return usage_mistake{quoted(arguments[0]) + " is not a command; godwitctl --help lists them"};
  }
  const bool explains = first == 2;
  std::string& operand = explains ? out.topic : out.user;
  for (std::size_t i = first; i < arguments.size(); ++i) {
    const std::string_view argument = arguments[i];
    if (argument == "--help" || argument == "-h") return ctl_line{};
    if (!argument.starts_with("--")) {
      if (!operand.empty()) return usage_mistake{quoted(argument) + " is one word too many"};
      operand = argument;
      continue;
    }
    const auto equals = argument.find('=');
    const option* const o = find_option(argument.substr(0, equals));
    if (o == nullptr || (o->explains && !explains)) return unknown(argument.substr(0, equals));
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

std::string ctl_help_text() {
  std::string out =
      "godwitctl - the MQTT broker godwitd, for those who run it\n"
      "\n"
      "Ask or tell a running broker: godwitctl COMMAND [--json] [options]\n" +
      remote_summary() +
      "\n"
      "godwitctl COMMAND --help tells more. The broker is found by --socket PATH, by --config "
      "FILE, or\n"
      "else by /etc/godwit/godwit.yaml if it is there.\n"
      "\n"
      "Change and explain logins: godwitctl passwd (--config FILE | --file FILE) [--scram | "
      "--delete] NAME\n"
      "       godwitctl token (--config FILE | --file FILE) NAME\n"
      "       godwitctl explain publish --config FILE [options] TOPIC\n"
      "       godwitctl explain subscribe --config FILE [options] FILTER\n"
      "       godwitctl explain connect --config FILE [options]\n"
      "\n"
      "  passwd    make or change a user's entry in the password file. The password is asked for,\n"
      "            twice and unseen; when standard input is no terminal, its first line is the\n"
      "            password. It is never shown, and never an argument, which others could see.\n"
      "  token     make a device's entry with a new secret and print the secret, this one time: "
      "the\n"
      "            device sends it as its password. Cheap to check, unlike a password.\n"
      "  explain   say what godwitd would answer, and which line of which file decides. It reads\n"
      "            the files only; the running broker is not asked.\n"
      "\n"
      "Options:\n";
  for (const option& o : options) {
    std::string left = "  " + std::string(o.name);
    if (!o.value.empty()) left += " " + std::string(o.value);
    left.resize(22, ' ');
    out += left + std::string(o.doc) + "\n";
  }
  return out +
         "\n"
         "A running godwitd takes changed files with SIGHUP (systemctl reload godwit).\n"
         "\n"
         "Exit status:\n"
         "  0  done; explain: it would be allowed\n"
         "  1  failed: standard error says why; explain: it would be refused\n"
         "  2  the command line, the configuration or one of its files is wrong\n"
         "\n"
         "Examples:\n"
         "  godwitctl passwd --config /etc/godwit/godwit.yaml ann\n"
         "  godwitctl token --file /etc/godwit/users pump-17\n"
         "  godwitctl explain subscribe --config /etc/godwit/godwit.yaml --user ann 'news/#'\n";
}

}  // namespace godwit::daemon
