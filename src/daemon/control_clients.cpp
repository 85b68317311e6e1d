#include "control_ask.hpp"
#include "control_json.hpp"

#include <godwit/broker/shard.hpp>

#include <algorithm>
#include <limits>
#include <thread>

namespace godwit::daemon {

namespace {

namespace json = boost::json;
using kind = control_refusal::kind;

[[noreturn]] void no_session(const std::string& client) {
  throw control_refusal{kind::not_found, "there is no session of \"" + client + "\""};
}

}  // namespace

control_desk::answer control_desk::list_clients(const arguments& a, admin::control_peer& peer) {
  const bool connected = flag_of(a, "connected");
  const bool offline = flag_of(a, "offline");
  const std::uint64_t limit = number_of(a, "limit", std::numeric_limits<std::uint64_t>::max());
  std::uint64_t shown = 0;
  for_each_shard(world_.shards, [&](routing::shard_id id) {
    std::optional<std::uint32_t> from = 0;
    while (from && shown < limit && !peer.is_stopping()) {
      const auto page = ask_shard(world_, id, [from = *from](broker::inspection& shard) {
        return shard.list_clients(from);
      });
      for (const broker::client_view& v : page.clients) {
        if ((connected && !v.is_connected) || (offline && v.is_connected)) continue;
        if (shown == limit) break;
        ++shown;
        say_row(peer, to_json(v));
      }
      from = page.next;
    }
  });
  return {{"clients", shown}};
}

control_desk::answer control_desk::show_client(const arguments& a, admin::control_peer& peer) {
  const std::string client = text_of(a, "client");
  const auto found =
      ask_shard(world_, broker::home_of(client, world_.seed, world_.shards),
                [client](broker::inspection& shard) { return shard.find_client(client); });
  if (!found) no_session(client);
  for (const broker::history_entry& e : found->entries) say_row(peer, to_json(e));
  if (found->now.client_id.empty() && !client.empty()) {
    return {{"client", client}, {"session", "none any more"}};
  }
  return to_json(found->now);
}

control_desk::answer control_desk::disconnect(const arguments& a, admin::control_peer&) {
  const std::string client = text_of(a, "client");
  const bool was =
      ask_shard(world_, broker::home_of(client, world_.seed, world_.shards),
                [client](broker::inspection& shard) { return shard.disconnect(client); });
  if (!was) throw control_refusal{kind::not_found, "\"" + client + "\" is not connected"};
  return {{"disconnected", client}};
}

control_desk::answer control_desk::end_session(const arguments& a, admin::control_peer&) {
  const std::string client = text_of(a, "client");
  const bool was =
      change_shard(world_, broker::home_of(client, world_.seed, world_.shards),
                   [client](broker::inspection& shard) { return shard.end_session(client); });
  if (!was) no_session(client);
  return {{"deleted", client}};
}

control_desk::answer control_desk::subscriptions(const arguments& a, admin::control_peer& peer) {
  std::uint64_t shown = 0;
  const auto filter = optional_text_of(a, "filter");
  const auto say = [&](const std::vector<broker::subscription_view>& all) {
    for (const broker::subscription_view& v : all) {
      if (filter && v.filter != *filter) continue;
      ++shown;
      say_row(peer, to_json(v));
    }
  };
  if (const auto client = optional_text_of(a, "client")) {
    const auto found = ask_shard(
        world_, broker::home_of(*client, world_.seed, world_.shards),
        [client = *client](broker::inspection& shard) { return shard.subscriptions_of(client); });
    if (!found) no_session(*client);
    say(*found);
    return {{"subscriptions", shown}};
  }
  for_each_shard(world_.shards, [&](routing::shard_id id) {
    std::optional<std::uint32_t> from = 0;
    while (from && !peer.is_stopping()) {
      const auto page = ask_shard(world_, id, [from = *from](broker::inspection& shard) {
        return shard.list_subscriptions(from);
      });
      say(page.subscriptions);
      from = page.next;
    }
  });
  return {{"subscriptions", shown}};
}

/// Those that lie in the store only. What has left the session's log meanwhile may stay without.
void control_desk::fetch_bodies(std::vector<broker::queued_view>& views) {
  std::vector<mqtt::message_number> numbers;
  std::vector<broker::queued_view*> without;
  for (broker::queued_view& v : views) {
    if (v.message) continue;
    numbers.emplace_back(v.number);
    without.push_back(&v);
  }
  auto bodies = world_.bodies.read(std::move(numbers));
  for (std::size_t i = 0; i < bodies.size(); ++i) without[i]->message = std::move(bodies[i]);
}

control_desk::answer control_desk::peek(const arguments& a, admin::control_peer& peer) {
  constexpr std::uint64_t most = 10'000;
  const std::string client = text_of(a, "client");
  const auto limit = static_cast<std::uint32_t>(std::min(number_of(a, "limit", 100), most));
  auto found =
      ask_shard(world_, broker::home_of(client, world_.seed, world_.shards),
                [client, limit](broker::inspection& shard) { return shard.peek(client, limit); });
  if (!found) no_session(client);
  fetch_bodies(*found);
  const payloads how = flag_of(a, "payload") ? payloads::shown : payloads::hidden;
  for (const broker::queued_view& v : *found) say_row(peer, to_json(v, how));
  return {{"messages", found->size()}};
}

/// Ends up to `most` connections of a shard, from place `from` on, in turns of bounded work; how
/// many the shard has left.
std::size_t control_desk::end_some(routing::shard_id id, std::size_t most, std::uint32_t& from) {
  for (;;) {
    const broker::drain_step step =
        ask_shard(world_, id, [most, from](broker::inspection& s) { return s.drain(from, most); });
    most -= step.ended;
    from = step.next.value_or(0);
    if (most == 0 || !step.next) return step.left;
  }
}

/// Ends the connections evenly over the time that was asked for.
control_desk::answer control_desk::drain(const arguments& a, admin::control_peer& peer) {
  const bool begins = !flag_of(a, "off");
  is_draining_ = begins;
  for_each_shard(world_.shards, [&](routing::shard_id id) {
    ask_shard(world_, id, [begins](broker::inspection& shard) {
      begins ? shard.begin_drain() : shard.end_drain();
      return true;
    });
  });
  world_.set_draining(begins);
  if (!begins) return {{"draining", false}};
  constexpr std::chrono::milliseconds step{100};
  constexpr std::uint64_t steps_per_second = 10;
  constexpr std::uint64_t day_s = 86'400;
  const std::uint64_t seconds = std::min(number_of(a, "within_s", 10), day_s);
  const std::uint64_t steps = std::max<std::uint64_t>(1, seconds * steps_per_second);
  std::vector<std::uint32_t> from(world_.shards);
  std::size_t left = 0;
  for (std::uint64_t i = 0; i < steps && is_draining_ && !peer.is_stopping(); ++i) {
    const std::uint64_t steps_left = steps - i;
    left = 0;
    for_each_shard(world_.shards, [&](routing::shard_id id) {
      std::uint32_t& at = from[id.value()];
      if (steps_left == 1) at = 0;
      const std::size_t all = end_some(id, 0, at);
      left += end_some(id, (all + steps_left - 1) / steps_left, at);
    });
    if (i % steps_per_second == 0) say_row(peer, {{"connections_left", left}});
    if (left == 0) break;
    if (steps_left != 1) std::this_thread::sleep_for(step);
  }
  return {{"draining", is_draining_.load()}, {"connections_left", left}};
}

}  // namespace godwit::daemon
