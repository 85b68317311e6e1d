#pragma once

#include "body_reader.hpp"
#include "reload_plan.hpp"
#include "watch_page.hpp"

#include <godwit/admin/control_server.hpp>
#include <godwit/net/broker_threads.hpp>
#include <godwit/observe/log.hpp>

#include <boost/json.hpp>

#include <atomic>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

namespace godwit::daemon {

/// What a request cannot have; it ends the request with one line for people.
struct control_refusal {
  enum class kind : std::uint8_t { usage, not_found, failed };
  kind why{};
  std::string what;
};

/// The broker as its operators' requests see it. Everything outlives the desk; the functions may be
/// called on any thread and wait for what they do.
struct control_world {
  net::broker_threads& threads;
  std::size_t shards;
  std::uint64_t seed;  ///< of the homes of clients and topics
  watched_broker watched;
  body_reader& bodies;
  observe::logger& log;
  std::function<reload_report()> reload;
  std::function<reload_report()> compare;  ///< what `reload` would do
  std::function<observe::log_level()> level;
  std::function<void(observe::log_level)> set_level;
  std::function<void(const std::string&)> backup;  ///< none: durable state is in memory only
  std::function<void(bool)> set_draining;          ///< for /readyz
  std::function<double()> uptime_s;
  std::function<bool()> has_ended;  ///< no shard answers any more
};

/// Serves the requests of `godwitctl`. A request is one line, {"do": name, ...arguments}. Answers
/// are lines, too: any number of {"row": {...}}, then {"done": {...}} or {"error": what, "kind":
/// "usage" | "not_found" | "failed"}. Used by several threads at the same time.
class control_desk {
 public:
  explicit control_desk(control_world world) noexcept : world_{std::move(world)} {}
  void serve(std::string_view request, admin::control_peer& peer);

  using arguments = boost::json::object;

 private:
  using answer = boost::json::object;
  struct entry;
  static const entry* find(std::string_view name) noexcept;

  // control_desk.cpp
  answer status(const arguments& a, admin::control_peer& peer);
  answer top(const arguments& a, admin::control_peer& peer);
  answer log_level(const arguments& a, admin::control_peer& peer);
  answer reload(const arguments& a, admin::control_peer& peer);
  answer check(const arguments& a, admin::control_peer& peer);
  answer compare(const arguments& a, admin::control_peer& peer);
  answer backup(const arguments& a, admin::control_peer& peer);
  // control_clients.cpp
  answer list_clients(const arguments& a, admin::control_peer& peer);
  answer show_client(const arguments& a, admin::control_peer& peer);
  answer disconnect(const arguments& a, admin::control_peer& peer);
  answer end_session(const arguments& a, admin::control_peer& peer);
  answer subscriptions(const arguments& a, admin::control_peer& peer);
  answer peek(const arguments& a, admin::control_peer& peer);
  void fetch_bodies(std::vector<broker::queued_view>& views);
  answer drain(const arguments& a, admin::control_peer& peer);
  std::size_t end_some(routing::shard_id id, std::size_t most, std::uint32_t& from);
  // control_topics.cpp
  answer list_retained(const arguments& a, admin::control_peer& peer);
  answer clear_retained(const arguments& a, admin::control_peer& peer);
  answer publish(const arguments& a, admin::control_peer& peer);

  control_world world_;
  std::atomic<bool> is_draining_{false};
};

}  // namespace godwit::daemon
