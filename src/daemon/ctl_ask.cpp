#include "ctl_ask.hpp"

#include "control_path.hpp"
#include "ctl_show.hpp"
#include "load_config.hpp"

#include <godwit/admin/control_server.hpp>
#include <godwit/mqtt/utf8.hpp>
#include <godwit/net/read_file.hpp>

#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstdio>
#include <filesystem>
#include <optional>
#include <stdexcept>
#include <thread>

namespace godwit::daemon {

namespace {

namespace json = boost::json;

constexpr int done = 0;
constexpr int failed = 1;
constexpr int wrong_input = 2;
constexpr int nobody_there = 3;
constexpr int not_found = 4;
constexpr std::size_t payload_bytes_max = 1'000'000;

void print(std::FILE* to, const std::string& text) {
  std::fputs(text.c_str(), to);
}

std::string read_input() {
  std::string out;
  std::array<char, 65'536> buffer{};
  while (const std::size_t got = std::fread(buffer.data(), 1, buffer.size(), stdin)) {
    out.append(buffer.data(), got);
    if (out.size() > payload_bytes_max) throw std::runtime_error{"the payload is too large"};
  }
  return out;
}

/// Shorter as text than as hex in a request: JSON takes six characters for a control character.
bool is_plain_text(std::string_view payload) {
  return mqtt::is_valid_utf8(payload) && std::ranges::none_of(payload, [](char c) {
           return static_cast<unsigned char>(c) < 0x20 && c != '\n' && c != '\t' && c != '\r';
         });
}

/// What to publish when the command line does not say it itself.
void add_payload(const remote_line& line, json::object& request) {
  if (request.contains("payload")) return;
  std::string payload;
  if (line.file.empty()) {
    payload = read_input();
  } else {
    auto file = net::read_file(line.file, payload_bytes_max);
    if (!file) throw std::runtime_error{line.file + ": " + file.error().what};
    payload = std::move(file->text);
  }
  if (is_plain_text(payload)) {
    request["payload"] = payload;
    return;
  }
  constexpr std::string_view digits = "0123456789abcdef";
  std::string hex;
  for (const char c : payload) {
    const auto byte = static_cast<unsigned char>(c);
    hex += digits[byte >> 4U];
    hex += digits[byte & 15U];
  }
  request["payload_hex"] = hex;
}

/// What came back for one request.
struct reply {
  std::vector<json::object> rows;
  std::optional<json::object> done;
  std::string error;
  std::string kind;
};

reply ask(const std::string& path, const json::object& request, const remote_line& line) {
  reply out;
  const auto take = [&](std::string_view text) {
    const json::value v = json::parse(json::string_view{text.data(), text.size()});
    const json::object& o = v.as_object();
    if (const json::value* const row = o.if_contains("row")) {
      if (line.as_json) {
        print(stdout, json::serialize(*row) + "\n");
      } else {
        out.rows.push_back(row->as_object());
      }
    } else if (const json::value* const end = o.if_contains("done")) {
      out.done = end->as_object();
    } else {
      out.error = o.at("error").as_string().c_str();
      out.kind = o.at("kind").as_string().c_str();
    }
  };
  if (!admin::ask_control(path, json::serialize(request), take)) {
    out.error = "no godwitd listens on " + path;
    out.kind = "nobody";
  } else if (!out.done && out.error.empty()) {
    out.error =
        "the broker closed the connection before it had answered: it is ending, or too many "
        "ask it at the same time";
  }
  return out;
}

int status_of(const reply& r) {
  if (r.kind == "nobody") return nobody_there;
  if (r.kind == "not_found") return not_found;
  if (r.kind == "usage") return wrong_input;
  return failed;
}

int refuse(const reply& r) {
  print(stderr, "godwitctl: " + r.error + "\n");
  return status_of(r);
}

/// Differences of "since_start" between two looks, each second.
json::object rates_of(const json::object& before, const json::object& now) {
  const double seconds = now.at("uptime_s").as_double() - before.at("uptime_s").as_double();
  json::object out;
  for (const auto& member : now.at("since_start").as_object()) {
    const auto count = [&](const json::object& o) {
      return o.at("since_start").as_object().at(member.key()).to_number<double>();
    };
    out[std::string{member.key()} + "/s"] =
        seconds > 0 ? (count(now) - count(before)) / seconds : 0.0;
  }
  return out;
}

int run_top(const remote_line& line, const std::string& path) {
  std::optional<json::object> before;
  for (;;) {
    const reply r = ask(path, line.request, line);
    if (!r.done) return refuse(r);
    if (line.as_json) print(stdout, json::serialize(*r.done) + "\n");
    if (!line.as_json) {
      std::string page = "godwit " + std::string{r.done->at("version").as_string()} + "\n" +
                         show_lines(r.done->at("now").as_object(), 2);
      if (before) page += show_lines(rates_of(*before, *r.done), 2);
      page += "\n" + show_table(r.rows, line.command->columns);
      const bool clears = !line.once && ::isatty(STDOUT_FILENO) == 1;
      print(stdout, (clears ? "\033[H\033[2J" : "") + page);
    }
    std::fflush(stdout);
    if (line.once) return done;
    before = r.done;
    std::this_thread::sleep_for(line.interval);
  }
}

}  // namespace

std::string control_path(const remote_line& line) {
  if (!line.socket.empty()) return line.socket;
  std::string file = line.config_file;
  if (file.empty() && ::access(packaged_config, R_OK) == 0) file = packaged_config;
  config::loaded from;
  if (!file.empty()) from = load_config(file);
  // A broker that runs can be asked while its files are being changed, if they still say where.
  if (!from.mistakes.empty() && from.value.control.path.empty() &&
      from.value.store.directory.empty()) {
    throw std::runtime_error{describe(from.mistakes.front(), from)};
  }
  const std::string path = control_path_of(from.value, {});
  if (path.empty()) throw std::runtime_error{"the configuration has no control.socket"};
  return path;
}

int run_remote(const remote_line& line) {
  const std::string path = control_path(line);
  json::object request = line.request;
  if (line.command->request == "publish") add_payload(line, request);
  if (line.command->request == "top") return run_top(line, path);
  if (line.command->request == "backup") {
    request["to"] = std::filesystem::absolute(std::string{request["to"].as_string()}).string();
  }
  const reply r = ask(path, request, line);
  if (!r.done) return refuse(r);
  const bool has_mistakes =
      r.done->contains("mistakes") && !r.done->at("mistakes").as_array().empty();
  if (line.as_json) {
    print(stdout, json::serialize(*r.done) + "\n");
  } else {
    print(stdout, show_table(r.rows, line.command->columns.empty() ? "connections_left"
                                                                   : line.command->columns));
    if (!r.rows.empty()) print(stdout, "\n");
    print(stdout, show_lines(*r.done));
  }
  return has_mistakes ? wrong_input : done;
}

}  // namespace godwit::daemon
