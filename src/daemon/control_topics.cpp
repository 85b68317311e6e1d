#include "control_ask.hpp"
#include "control_json.hpp"

#include <godwit/broker/shard.hpp>
#include <godwit/mqtt/topic.hpp>

#include <limits>

namespace godwit::daemon {

namespace {

namespace json = boost::json;
using kind = control_refusal::kind;

void check_name(const std::string& topic) {
  if (const auto sound = mqtt::check_topic_name(topic); !sound) {
    throw control_refusal{kind::usage, "\"" + topic + "\" is no topic name: " + sound.error().what};
  }
}

base::bytes unhex(const std::string& text) {
  base::bytes out;
  const auto digit = [](char c) -> unsigned {
    if (c >= '0' && c <= '9') return static_cast<unsigned>(c - '0');
    if (c >= 'a' && c <= 'f') return static_cast<unsigned>(c - 'a') + 10;
    throw control_refusal{kind::usage, "\"payload_hex\" is not hexadecimal"};
  };
  if (text.size() % 2 != 0) throw control_refusal{kind::usage, "\"payload_hex\" has odd length"};
  for (std::size_t i = 0; i < text.size(); i += 2) {
    out.push_back(static_cast<std::byte>(digit(text[i]) * 16 + digit(text[i + 1])));
  }
  return out;
}

}  // namespace

control_desk::answer control_desk::list_retained(const arguments& a, admin::control_peer& peer) {
  const std::string filter = optional_text_of(a, "filter").value_or("#");
  const auto parts = mqtt::parse_topic_filter(filter);
  if (!parts || !parts->group.empty()) {
    throw control_refusal{kind::usage, "\"" + filter + "\" is no filter of topics"};
  }
  const std::uint64_t limit = number_of(a, "limit", std::numeric_limits<std::uint64_t>::max());
  const payloads how = flag_of(a, "payload") ? payloads::shown : payloads::hidden;
  std::uint64_t shown = 0;
  for_each_shard(world_.shards, [&](routing::shard_id id) {
    std::optional<std::string> after;
    do {
      const auto page = ask_shard(world_, id, [filter, after](broker::inspection& shard) {
        return shard.list_retained(filter, after);
      });
      for (const auto& m : page.messages) {
        if (shown == limit) break;
        ++shown;
        say_row(peer, to_json(*m, how));
      }
      after = page.next;
    } while (after && shown < limit && !peer.is_stopping());
  });
  return {{"retained", shown}};
}

control_desk::answer control_desk::clear_retained(const arguments& a, admin::control_peer&) {
  const std::string topic = text_of(a, "topic");
  check_name(topic);
  const routing::shard_id home = broker::home_of_topic(topic, world_.seed, world_.shards);
  struct outcome {
    bool was_there;
    bool is_done;
  };
  const outcome o = change_shard(world_, home, [topic](broker::inspection& shard) {
    if (!shard.has_retained(topic)) return outcome{false, false};
    return outcome{true, shard.publish(topic, {}, mqtt::qos::at_most_once, true)};
  });
  if (!o.was_there) {
    throw control_refusal{kind::not_found, "nothing is retained for \"" + topic + "\""};
  }
  if (!o.is_done) throw control_refusal{kind::failed, "the disk is low (store.low_disk)"};
  return {{"deleted", topic}};
}

control_desk::answer control_desk::publish(const arguments& a, admin::control_peer&) {
  const std::string topic = text_of(a, "topic");
  check_name(topic);
  const std::uint64_t quality = number_of(a, "qos", 0);
  if (quality > 2) throw control_refusal{kind::usage, "a QoS is 0, 1 or 2"};
  const bool retain = flag_of(a, "retain");
  base::bytes payload;
  if (const auto hex = optional_text_of(a, "payload_hex")) {
    payload = unhex(*hex);
  } else {
    const std::string text = optional_text_of(a, "payload").value_or("");
    const auto bytes = base::as_bytes(text);
    payload.assign(bytes.begin(), bytes.end());
  }
  const std::size_t size = payload.size();
  const bool is_done =
      change_shard(world_, broker::home_of_topic(topic, world_.seed, world_.shards),
                   [topic, payload, quality, retain](broker::inspection& shard) {
                     return shard.publish(topic, payload, static_cast<mqtt::qos>(quality), retain);
                   });
  if (!is_done) throw control_refusal{kind::failed, "the disk is low (store.low_disk)"};
  return {{"published", topic}, {"payload_bytes", size}};
}

}  // namespace godwit::daemon
