#include "control_desk.hpp"

#include "control_ask.hpp"
#include "control_json.hpp"
#include "status_page.hpp"

#include <algorithm>
#include <array>

namespace godwit::daemon {

namespace {

namespace json = boost::json;
using kind = control_refusal::kind;

/// Nobody is there to answer to.
struct asker_gone {};

std::string_view name_of(kind k) noexcept {
  switch (k) {
    case kind::usage:
      return "usage";
    case kind::not_found:
      return "not_found";
    case kind::failed:
      break;
  }
  return "failed";
}

json::array to_json(const std::vector<config::difference>& all) {
  json::array out;
  for (const config::difference& d : all) {
    out.push_back(json::object{{"key", d.key}, {"running", d.before}, {"file", d.after}});
  }
  return out;
}

json::object to_json(const reload_report& r) {
  json::array mistakes;
  for (const auto& m : r.mistakes)
    mistakes.push_back(json::value(config::describe(m.what, m.path)));
  return {{"files", json::value_from(r.files)},
          {"mistakes", std::move(mistakes)},
          {"live", to_json(r.applied)},
          {"need_restart", to_json(r.need_restart)},
          {"tls_listeners", r.tls_listeners}};
}

}  // namespace

struct control_desk::entry {
  std::string_view name;
  answer (control_desk::*serve)(const arguments&, admin::control_peer&);
  bool changes = false;  ///< something; it is logged with who asked
};

const control_desk::entry* control_desk::find(std::string_view name) noexcept {
  static constexpr auto all = std::to_array<entry>({
      {"status", &control_desk::status},
      {"top", &control_desk::top},
      {"clients.list", &control_desk::list_clients},
      {"clients.show", &control_desk::show_client},
      {"clients.disconnect", &control_desk::disconnect, true},
      {"session.delete", &control_desk::end_session, true},
      {"subscriptions", &control_desk::subscriptions},
      {"queue.peek", &control_desk::peek},
      {"retained.list", &control_desk::list_retained},
      {"retained.delete", &control_desk::clear_retained, true},
      {"publish", &control_desk::publish, true},
      {"log.level", &control_desk::log_level},
      {"reload", &control_desk::reload, true},
      {"config.check", &control_desk::check},
      {"config.diff", &control_desk::compare},
      {"drain", &control_desk::drain, true},
      {"backup", &control_desk::backup, true},
  });
  const auto found = std::ranges::find(all, name, &entry::name);
  return found == all.end() ? nullptr : found;
}

void control_desk::serve(std::string_view request, admin::control_peer& peer) {
  const auto refuse = [&](kind why, std::string_view what) {
    peer.say(json::serialize(json::object{{"error", what}, {"kind", name_of(why)}}));
  };
  try {
    boost::system::error_code error;
    const json::value parsed =
        json::parse(json::string_view{request.data(), request.size()}, error);
    if (error || !parsed.is_object()) {
      refuse(kind::usage, "a request is one JSON object on one line");
      return;
    }
    const std::string name = text_of(parsed.get_object(), "do");
    const entry* const found = find(name);
    if (found == nullptr) {
      refuse(kind::usage, "there is no request \"" + name + "\"");
      return;
    }
    if (found->changes) {
      world_.log.info("control.request", {{"do", name}, {"uid", std::uint64_t{peer.user()}}});
    }
    json::object done = (this->*found->serve)(parsed.get_object(), peer);
    peer.say(json::serialize(json::object{{"done", std::move(done)}}));
  } catch (const control_refusal& r) {
    refuse(r.why, r.what);
  } catch (const asker_gone&) {
    return;
  } catch (const std::exception& e) {
    refuse(kind::failed, e.what());
  }
}

control_desk::answer control_desk::status(const arguments&, admin::control_peer&) {
  json::array listeners;
  for (const auto& l : world_.threads.listeners()) {
    listeners.push_back(
        json::object{{"name", l->options.name}, {"address", l->address}, {"port", l->port}});
  }
  answer out = status_json(world_.watched);
  out["uptime_s"] = world_.uptime_s();
  out["log_level"] = observe::name(world_.level());
  out["listeners"] = std::move(listeners);
  return out;
}

/// The sessions with most waiting for them, and what rates are made of.
control_desk::answer control_desk::top(const arguments& a, admin::control_peer& peer) {
  const auto weight = [](const broker::client_view& v) { return v.queued_bytes + v.unsent_bytes; };
  const std::size_t most = number_of(a, "limit", 10);
  std::vector<broker::client_view> largest;
  for_each_shard(world_.shards, [&](routing::shard_id id) {
    std::optional<std::uint32_t> from = 0;
    while (from && !peer.is_stopping()) {
      auto page = ask_shard(world_, id, [from = *from](broker::inspection& shard) {
        return shard.list_clients(from);
      });
      for (broker::client_view& v : page.clients) {
        if (v.queued != 0 || v.unsent_bytes != 0) largest.push_back(std::move(v));
      }
      std::ranges::sort(largest, std::greater{}, weight);
      if (largest.size() > most) largest.resize(most);
      from = page.next;
    }
  });
  for (const broker::client_view& v : largest) say_row(peer, daemon::to_json(v));
  return status(a, peer);
}

control_desk::answer control_desk::log_level(const arguments& a, admin::control_peer& peer) {
  if (const auto wanted = optional_text_of(a, "level")) {
    const auto level = observe::parse_log_level(*wanted);
    if (!level) throw control_refusal{kind::usage, "a level is error, warn, info or debug"};
    world_.log.info("control.request", {{"do", "log.level"},
                                        {"uid", std::uint64_t{peer.user()}},
                                        {"level", observe::name(*level)}});
    world_.set_level(*level);
  }
  return {{"level", observe::name(world_.level())}};
}

control_desk::answer control_desk::reload(const arguments&, admin::control_peer&) {
  return to_json(world_.reload());
}

control_desk::answer control_desk::check(const arguments&, admin::control_peer&) {
  answer all = to_json(world_.compare());
  const bool is_right = all["mistakes"].get_array().empty();
  return {{"right", is_right},
          {"files", std::move(all["files"])},
          {"mistakes", std::move(all["mistakes"])}};
}

control_desk::answer control_desk::compare(const arguments&, admin::control_peer&) {
  return to_json(world_.compare());
}

control_desk::answer control_desk::backup(const arguments& a, admin::control_peer&) {
  const std::string target = text_of(a, "to");
  if (!target.starts_with('/')) throw control_refusal{kind::usage, "a backup needs a full path"};
  if (!world_.backup) {
    throw control_refusal{kind::failed, "durable state is in memory only (store.persistence)"};
  }
  world_.backup(target);
  return {{"to", target}};
}

void say_row(admin::control_peer& peer, json::object row) {
  if (!peer.say(json::serialize(json::object{{"row", std::move(row)}}))) throw asker_gone{};
}

std::optional<std::string> optional_text_of(const json::object& a, std::string_view name) {
  const json::value* const found = a.if_contains(name);
  if (found == nullptr || found->is_null()) return std::nullopt;
  if (!found->is_string()) {
    throw control_refusal{kind::usage, "\"" + std::string{name} + "\" is no text"};
  }
  return std::string{found->get_string()};
}

std::string text_of(const json::object& a, std::string_view name) {
  if (auto found = optional_text_of(a, name)) return *std::move(found);
  throw control_refusal{kind::usage, "\"" + std::string{name} + "\" is missing"};
}

std::uint64_t number_of(const json::object& a, std::string_view name, std::uint64_t usual) {
  const json::value* const found = a.if_contains(name);
  if (found == nullptr || found->is_null()) return usual;
  boost::system::error_code error;
  const auto value = found->to_number<std::uint64_t>(error);
  if (error) throw control_refusal{kind::usage, "\"" + std::string{name} + "\" is no number"};
  return value;
}

bool flag_of(const json::object& a, std::string_view name) {
  const json::value* const found = a.if_contains(name);
  return found != nullptr && found->is_bool() && found->get_bool();
}

}  // namespace godwit::daemon
