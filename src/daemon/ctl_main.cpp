#include "ctl_ask.hpp"
#include "ctl_explain.hpp"
#include "ctl_line.hpp"
#include "load_config.hpp"
#include "load_security.hpp"
#include "replace_file.hpp"
#include "surroundings.hpp"

#include <godwit/auth/password_file.hpp>
#include <godwit/net/read_file.hpp>

#include <boost/json.hpp>

#include <termios.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <exception>
#include <filesystem>
#include <stdexcept>
#include <string>
#include <vector>

namespace godwit::daemon {
namespace {

enum class ctl_status : int { done = 0, failed = 1, wrong_input = 2 };

void print(std::FILE* to, const std::string& text) {
  std::fputs(text.c_str(), to);
}

void print_json(const boost::json::object& what) {
  print(stdout, boost::json::serialize(what) + "\n");
}

/// While it lives, what is typed is not shown.
class no_echo {
 public:
  no_echo() {
    if (::tcgetattr(STDIN_FILENO, &before_) != 0) return;
    termios quiet = before_;
    quiet.c_lflag &= ~static_cast<tcflag_t>(ECHO);
    is_set_ = ::tcsetattr(STDIN_FILENO, TCSAFLUSH, &quiet) == 0;
  }
  ~no_echo() {
    if (is_set_) ::tcsetattr(STDIN_FILENO, TCSAFLUSH, &before_);
  }
  no_echo(const no_echo&) = delete;
  no_echo& operator=(const no_echo&) = delete;

 private:
  termios before_{};
  bool is_set_ = false;
};

std::string read_line() {
  std::string out;
  for (int c = std::getchar(); c != EOF && c != '\n'; c = std::getchar()) {
    out += static_cast<char>(c);
    if (out.size() > auth::password_bytes_max) throw std::runtime_error{"the password is too long"};
  }
  return out;
}

std::string ask(const std::string& what) {
  print(stderr, what);
  const std::string out = read_line();
  print(stderr, "\n");
  return out;
}

std::string read_password(const std::string& user) {
  std::string out;
  if (::isatty(STDIN_FILENO) == 1) {
    const no_echo unseen;
    out = ask("Password of " + user + ": ");
    if (ask("Once more: ") != out) throw std::runtime_error{"the two passwords differ"};
  } else {
    out = read_line();
  }
  if (out.empty()) throw std::runtime_error{"an empty password is none"};
  return out;
}

/// The text of the password file; a file that is not there is an empty one.
std::string read_users(const std::string& path) {
  constexpr std::size_t bytes_max = 268'435'456;
  if (!std::filesystem::exists(path)) return {};
  auto file = net::read_file(path, bytes_max);
  if (!file) throw std::runtime_error{path + ": " + file.error().what};
  if (const auto parsed = auth::password_file::parse(file->text); !parsed) {
    const auth::mistake m = parsed.error().front();
    throw std::runtime_error{path + ":" + std::to_string(m.line) + ": " + m.what};
  }
  return file->text;
}

auth::password_hash scram_entry(const std::string& password) {
  constexpr std::size_t salt_bytes = 16;
  if (!auth::is_scram_password(password)) {
    throw std::runtime_error{
        "a password for SCRAM has printable ASCII only: clients differ in what they make of "
        "other letters"};
  }
  base::bytes salt = random_secret();
  salt.resize(salt_bytes);
  return auth::password_hash::of_scram(password, salt);
}

ctl_status change_entry(const ctl_line& line, const std::string& path) {
  if (!auth::is_user_name(line.user)) {
    throw std::runtime_error{
        "a user's name is UTF-8 without ':' and control characters, and does not begin with '#'"};
  }
  const std::string before = read_users(path);
  if (line.deletes) {
    const std::string after = auth::without_entry(before, line.user);
    if (after == before) throw std::runtime_error{"there is no user " + line.user + " in " + path};
    replace_file(path, after);
    if (line.as_json) print_json({{"user", line.user}, {"deleted", true}});
    return ctl_status::done;
  }
  if (line.what == ctl_line::task::passwd) {
    const std::string password = read_password(line.user);
    const auto hash = line.scram ? scram_entry(password)
                                 : auth::password_hash::of_password(base::as_bytes(password));
    replace_file(path, auth::with_entry(before, line.user, hash));
    if (line.as_json) print_json({{"user", line.user}, {"deleted", false}});
    return ctl_status::done;
  }
  const base::bytes random = random_secret();
  const std::string token = auth::make_token(std::span<const std::byte, 32>{random});
  replace_file(path, auth::with_entry(before, line.user, auth::password_hash::of_token(token)));
  if (line.as_json) {
    print_json({{"user", line.user}, {"token", token}});
  } else {
    print(stdout, token + "\n");
  }
  return ctl_status::done;
}

ctl_status run(const ctl_line& line) {
  using task = ctl_line::task;
  if (line.what == task::help || line.what == task::version) {
    print(stdout,
          line.what == task::help ? ctl_help_text(line.about) : "godwitctl " GODWIT_VERSION "\n");
    return ctl_status::done;
  }
  config::loaded file;
  if (!line.config_file.empty()) file = load_config(line.config_file);
  for (const config::mistake& m : file.mistakes) {
    print(stderr, config::describe(m, file) + "\n");
  }
  if (!file.mistakes.empty()) return ctl_status::wrong_input;
  if (line.what == task::passwd || line.what == task::token) {
    const std::string path = line.file.empty() ? file.value.login.password_file : line.file;
    if (path.empty()) {
      throw std::runtime_error{line.config_file + " names no authentication.password_file"};
    }
    if (line.file.empty() && !path.starts_with('/')) {  // a credential, or the environment
      throw std::runtime_error{path + " is no file that can be changed here; name one with --file"};
    }
    return change_entry(line, path);
  }
  const loaded_security decides = load_security(file.value);
  for (const security_mistake& m : decides.mistakes) print(stderr, describe(m) + "\n");
  if (!decides.mistakes.empty()) return ctl_status::wrong_input;
  const explanation e = explain(line, *decides.value);
  if (line.as_json) {
    print_json({{"allowed", e.allowed}, {"why", e.text}});
  } else {
    print(stdout, e.text);
  }
  return e.allowed ? ctl_status::done : ctl_status::failed;
}

int ask_running_broker(std::span<const std::string_view> arguments) {
  const auto parsed = parse_remote(arguments);
  if (const auto* wrong = std::get_if<usage_mistake>(&parsed)) {
    print(stderr, "godwitctl: " + wrong->what + "\n");
    return static_cast<int>(ctl_status::wrong_input);
  }
  const auto& line = std::get<remote_line>(parsed);
  if (!line.request.empty()) return run_remote(line);
  print(stdout, remote_help(*line.command));
  return static_cast<int>(ctl_status::done);
}

}  // namespace
}  // namespace godwit::daemon

int main(int argc, char** argv) {
  using namespace godwit::daemon;
  try {
    const std::vector<std::string_view> arguments(argv + 1, argv + argc);
    if (is_remote(arguments)) return ask_running_broker(arguments);
    const auto parsed = parse_ctl_line(arguments);
    if (const auto* wrong = std::get_if<usage_mistake>(&parsed)) {
      print(stderr, "godwitctl: " + wrong->what + "\n");
      return static_cast<int>(ctl_status::wrong_input);
    }
    return static_cast<int>(run(std::get<ctl_line>(parsed)));
  } catch (const std::exception& e) {
    print(stderr, std::string("godwitctl: ") + e.what() + "\n");
    return static_cast<int>(ctl_status::failed);
  }
}
