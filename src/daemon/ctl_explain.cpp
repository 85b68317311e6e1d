#include "ctl_explain.hpp"

#include <godwit/auth/authorizer.hpp>
#include <godwit/base/escape.hpp>
#include <godwit/mqtt/topic.hpp>

namespace godwit::daemon {

namespace {

std::string quoted(std::string_view text) {
  return "\"" + base::escape_for_log(text) + "\"";
}

std::string listener_of(const ctl_line& line, const auth::security& decides) {
  if (!line.listener.empty() || decides.listeners.empty()) return line.listener;
  return decides.listeners.front().name;
}

auth::principal who_of(const ctl_line& line, const auth::security& decides) {
  auth::identity_parts parts;
  parts.user_name = line.user;
  parts.has_facts = true;
  parts.facts.groups = line.groups;
  parts.facts.listener = listener_of(line, decides);
  parts.facts.address = base::parse_ip(line.address);
  if (!line.common_name.empty()) {
    parts.facts.certificate = auth::certificate{line.common_name, {}, {}};
  }
  return auth::make_principal(std::move(parts));
}

std::string quality_text(mqtt::qos q) {
  return std::to_string(static_cast<unsigned>(q));
}

explanation refused(const std::string& why) {
  return {false, "refused: " + why + "\n"};
}

auth::action action_of(const ctl_line& line) {
  using auth::action;
  if (line.what == ctl_line::task::explain_subscribe) return action::subscribe;
  if (line.will) return line.retain ? action::will_retain : action::will;
  return line.retain ? action::publish_retain : action::publish;
}

explanation explain_topic(const ctl_line& line, const auth::security& decides) {
  const bool subscribes = line.what == ctl_line::task::explain_subscribe;
  std::string_view topic = line.topic;
  if (subscribes) {
    const auto parts = mqtt::parse_topic_filter(line.topic);
    if (!parts) return refused(quoted(line.topic) + " is no filter: " + parts.error().what);
    topic = parts->filter;
  } else if (const auto sound = mqtt::check_topic_name(line.topic); !sound) {
    return refused(quoted(line.topic) + " is no topic name: " + sound.error().what);
  }
  const auth::principal who = who_of(line, decides);
  const auth::decision d =
      decides.rules ? decides.rules->check(who, line.client_id, action_of(line), topic)
                    : auth::open_authorizer{}.check(who, line.client_id, action_of(line), topic);
  if (!d.allowed) return refused(d.rule);
  const bool is_lowered = line.quality > d.quality_max;
  if (is_lowered && !subscribes) {
    return refused(std::string{d.rule} + " allows QoS " + quality_text(d.quality_max) + " at most");
  }
  explanation out{true, "allowed: " + std::string{d.rule} + "\n"};
  if (is_lowered) out.text += "granted is QoS " + quality_text(d.quality_max) + "\n";
  if (subscribes && decides.rules) {
    out.text += "each message is asked for once more, with its own topic\n";
  }
  return out;
}

std::string describe(const auth::password_file::entry& e) {
  switch (e.hash.kind()) {
    case auth::hash_kind::argon2id:
      return "a password (argon2id)";
    case auth::hash_kind::pbkdf2_sha512:
      return "a password (PBKDF2, from mosquitto)";
    case auth::hash_kind::salted_sha512:
      return "a password (SHA-512, from an old mosquitto: weak, set it anew)";
    case auth::hash_kind::scram_sha256:
      return "keys for SCRAM-SHA-256";
    case auth::hash_kind::device_token:
      return "a device token";
  }
  return {};
}

explanation explain_connect(const ctl_line& line, const auth::security& decides) {
  const std::string listener = listener_of(line, decides);
  const auth::login_methods* const ways = decides.find(listener);
  if (ways == nullptr) return refused("there is no listener " + quoted(listener));
  const std::string at = "listener " + quoted(listener);
  if (ways->is_open()) {
    return {true,
            "allowed: " + at + " asks for nothing; whatever its name, the client is anonymous\n"};
  }
  if (ways->certificate && !line.common_name.empty()) {
    return {true, "allowed: " + at + " takes the name from the certificate, once it is verified\n"};
  }
  if (line.user.empty()) {
    if (ways->anonymous) return {true, "allowed: " + at + " lets anonymous clients in\n"};
    return refused(at + " asks for a login, and the client has no user name");
  }
  std::string text;
  if (ways->jwt) text += "a password that is a JSON Web Token is checked against the keys\n";
  if (ways->password || ways->scram) {
    const auto* const entry = decides.passwords->find(line.user);
    if (entry != nullptr) {
      if (!ways->password && entry->hash.kind() != auth::hash_kind::scram_sha256) {
        return refused(at + " takes SCRAM only, and line " + std::to_string(entry->line) + " of " +
                       decides.login.password_file + " has " + describe(*entry));
      }
      return {true, "allowed with the right password: line " + std::to_string(entry->line) +
                        " of " + decides.login.password_file + " has " + describe(*entry) + "\n" +
                        text};
    }
    text = quoted(line.user) + " is not in " + decides.login.password_file + "\n" + text;
  }
  if (ways->http) {
    // Its query may be a secret.
    const std::string service = decides.login.http_url.substr(0, decides.login.http_url.find('?'));
    return {true, "allowed if " + service + " says so\n" + text};
  }
  return ways->jwt ? explanation{true, "allowed with a good token only\n" + text}
                   : explanation{false, "refused: " + text};
}

}  // namespace

explanation explain(const ctl_line& line, const auth::security& decides) {
  if (line.what == ctl_line::task::explain_connect) return explain_connect(line, decides);
  return explain_topic(line, decides);
}

}  // namespace godwit::daemon
