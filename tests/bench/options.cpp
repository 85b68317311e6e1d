#include "options.hpp"

#include <arpa/inet.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <chrono>
#include <functional>
#include <string_view>

namespace godwit::bench {
namespace {

template <typename Number>
void parse_number(std::string_view key, std::string_view text, Number& into) {
  const char* end = text.data() + text.size();
  const auto [rest, error] = std::from_chars(text.data(), end, into);
  if (error != std::errc{} || rest != end) {
    throw bench_error(std::string{key} + ": \"" + std::string{text} + "\" is no number in range");
  }
}

struct option {
  std::string_view key;
  std::string_view meaning;
  std::function<void(options&, std::string_view)> set;
};

template <typename Number>
option number(std::string_view key, Number options::*field, std::string_view meaning) {
  return {key, meaning,
          [key, field](options& o, std::string_view text) { parse_number(key, text, o.*field); }};
}

void set_protocol(options& o, std::string_view text) {
  if (text != "31" && text != "311" && text != "5") {
    throw bench_error("--protocol is 31, 311 or 5");
  }
  o.version = text == "31" ? protocol::v31 : text == "311" ? protocol::v311 : protocol::v5;
}

void set_qos(options& o, std::string_view text) {
  parse_number("--qos", text, o.qos);
  if (o.qos > 2) throw bench_error("--qos is 0, 1 or 2");
}

const auto& table() {
  static const std::array entries{
      option{"--host", "IPv4 address of the broker (127.0.0.1)",
             [](options& o, std::string_view text) { o.host = text; }},
      number("--port", &options::port, "its port (1883)"),
      option{"--protocol", "31, 311 or 5 (311)", set_protocol},
      option{"--qos", "0, 1 or 2 (0; offline and storing retained messages: at least 1)", set_qos},
      number("--pid", &options::pid, "process id of the broker: adds its CPU time and memory"),
      option{"--json", "also write the result to this file; - is standard output",
             [](options& o, std::string_view text) { o.json_path = text; }},
      number("--publishers", &options::publishers, "(fan-in, pairs 50; fan-out 1; others 10)"),
      number("--subscribers", &options::subscribers, "(fan-in 5; fan-out 1000; filters 20)"),
      number("--payload", &options::payload_octets, "octets of a message, at least 24 (64)"),
      number("--window", &options::window, "unacknowledged QoS 1/2 messages a publisher (20)"),
      number("--under-way", &options::under_way_max,
             "messages published and not yet received (2000; fan-out 4)"),
      number("--batch", &options::batch,
             "messages a publisher sends together (QoS 0: its share of --under-way, at most 40)"),
      number("--rate", &options::rate,
             "messages a second over all publishers; not for retained (0: flat out)"),
      number("--warmup", &options::warmup_s, "seconds before measuring (1)"),
      number("--seconds", &options::seconds, "seconds to measure (5)"),
      number("--messages", &options::messages, "measure this many messages instead of --seconds"),
      number("--timeout", &options::timeout_s, "give up after this long without progress (10)"),
      number(
          "--count", &options::count,
          "idle, storm: connections (18000); offline: sessions (100); retained: messages (100000); "
          "filters: filters (200000)"),
      number("--from", &options::from, "idle: connections at the first reading (2000)"),
      number("--each", &options::each,
             "offline: messages a session (1000); with --same-topic messages (1000)"),
      number("--rounds", &options::rounds, "retained: how often to replay (3)"),
      number("--hold", &options::hold_s, "idle: seconds in which nothing may arrive (10)"),
      number("--keep-alive", &options::keep_alive_s, "idle: keep alive in the CONNECT (0)"),
      number("--at-once", &options::at_once, "logins under way at a time (50)"),
      option{"--logins", "storm: a file with lines USER:PASSWORD, which its clients use in turn",
             [](options& o, std::string_view text) { o.logins = text; }},
      option{"--certificate",
             "storm: a client's certificate; with --logins every other one shows it",
             [](options& o, std::string_view text) { o.certificate = text; }},
      option{"--key", "the key of --certificate",
             [](options& o, std::string_view text) { o.key = text; }},
      number("--calm", &options::calm, "storm: clients that are connected before, and ping (100)"),
      number("--ping-every", &options::ping_every_s, "storm: seconds between their pings (0.1)"),
      number("--sources", &options::sources, "loopback source addresses, for many ports (32)"),
  };
  return entries;
}

struct flag {
  std::string_view key;
  bool options::*field;
  std::string_view meaning;
};

constexpr std::array flags{
    flag{"--wildcard", &options::wildcard, "fan-in: subscribe with # instead of exact topics"},
    flag{"--persistent", &options::persistent,
         "fan-in, pairs, fan-out, filters: subscribers have persistent sessions"},
    flag{"--same-topic", &options::same_topic, "offline: every session gets every message"},
    flag{"--keep", &options::keep, "offline: end when everything is queued, and leave it there"},
    flag{"--resume", &options::resume,
         "offline: take what a run with --keep and the same figures left"},
    flag{"--tls", &options::tls, "connections over TLS; the certificate is not checked"},
    flag{"--tls-resume", &options::tls_resume, "with --tls: offer the newest session ticket"},
    flag{"--ws", &options::websocket, "connections over WebSocket, at the path /mqtt"},
};

const flag* find_flag(std::string_view key) {
  for (const flag& entry : flags) {
    if (entry.key == key) return &entry;
  }
  return nullptr;
}

}  // namespace

sockaddr_in options::server() const {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  if (::inet_pton(AF_INET, host.c_str(), &address.sin_addr) != 1) {
    throw bench_error("--host: \"" + host + "\" is no IPv4 address");
  }
  return address;
}

std::chrono::nanoseconds options::timeout() const {
  return std::chrono::duration_cast<std::chrono::nanoseconds>(
      std::chrono::duration<double>{timeout_s});
}

/// The load of a metering network with 18,000 devices: one of IBM's figures of 2012.
void set_telemetry(options& o) {
  o.publishers = 9000;
  o.payload_octets = 200;
  o.rate = 480;
}

options parse_options(std::span<const char* const> arguments) {
  options result;
  const auto is_telemetry = [](std::string_view argument) { return argument == "telemetry"; };
  if (std::any_of(arguments.begin(), arguments.end(), is_telemetry)) set_telemetry(result);
  for (std::size_t i = 0; i < arguments.size(); ++i) {
    const std::string_view key = arguments[i];
    if (!key.starts_with("--")) {
      if (!result.scenario.empty()) throw bench_error("two scenarios named");
      result.scenario = key;
      continue;
    }
    if (const flag* set = find_flag(key)) {
      result.*(set->field) = true;
      continue;
    }
    const option* found = nullptr;
    for (const option& entry : table()) {
      if (entry.key == key) found = &entry;
    }
    if (found == nullptr) throw bench_error("unknown option " + std::string{key});
    if (++i == arguments.size()) throw bench_error(std::string{key} + " needs a value");
    found->set(result, arguments[i]);
  }
  if (result.keep && result.resume) throw bench_error("--keep and --resume are two runs");
  if (!result.certificate.empty() && !result.tls) throw bench_error("--certificate needs --tls");
  if (result.tls_resume && !result.tls) throw bench_error("--tls-resume needs --tls");
  if (result.window == 0) throw bench_error("--window is at least 1");
  if (result.sources == 0 || result.sources > 65000) throw bench_error("--sources: 1 to 65000");
  if (result.at_once == 0) throw bench_error("--at-once is at least 1");
  return result;
}

std::string usage_text() {
  std::string text =
      "usage: godwit-bench SCENARIO [--option value]...\n\n"
      "scenarios:\n"
      "  fan-in    publishers to few subscribers, each topic received by exactly one\n"
      "  pairs     publisher and subscriber in pairs\n"
      "  telemetry pairs of 18,000 connections, 480 messages of 200 octets a second\n"
      "  fan-out   one publisher to many subscribers\n"
      "  filters   many filters over few clients, each message matched by exactly one\n"
      "  idle      memory of idle connections, and their silence\n"
      "  connect   connect, subscribe, disconnect\n"
      "  storm     everybody comes back at once, while others are connected and ping\n"
      "  offline   queue for persistent sessions that are away, then drain\n"
      "  retained  store retained messages, then replay them to a wildcard subscriber\n\n"
      "options (defaults in parentheses):\n";
  for (const flag& entry : flags) {
    std::string line = "  " + std::string{entry.key};
    line.resize(17, ' ');
    text += line + std::string{entry.meaning} + "\n";
  }
  for (const option& entry : table()) {
    std::string line = "  " + std::string{entry.key};
    line.resize(17, ' ');
    text += line + std::string{entry.meaning} + "\n";
  }
  return text +
         "\nexit status: 0 every message arrived once and in order; 1 some did not;\n"
         "2 the measurement could not be made.\n";
}

}  // namespace godwit::bench
