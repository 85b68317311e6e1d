#include "control_json.hpp"

#include <godwit/base/bytes.hpp>
#include <godwit/mqtt/utf8.hpp>
#include <godwit/mqtt/version_name.hpp>

#include <array>
#include <cstdio>
#include <ctime>

namespace godwit::daemon {

namespace {

namespace json = boost::json;

std::string hex_of(base::bytes_view bytes) {
  constexpr std::string_view digits = "0123456789abcdef";
  std::string out;
  for (const std::byte b : bytes) {
    out += digits[std::to_integer<unsigned>(b) >> 4U];
    out += digits[std::to_integer<unsigned>(b) & 15U];
  }
  return out;
}

void add_payload(json::object& to, base::bytes_view payload) {
  const std::string_view text = base::as_text(payload);
  if (mqtt::is_valid_utf8(text)) {
    to["payload"] = text;
  } else {
    to["payload_hex"] = hex_of(payload);
  }
}

unsigned number_of(mqtt::qos q) {
  return static_cast<unsigned>(q);
}

}  // namespace

std::string show_time(base::wall_time t) {
  const auto ms = t.time_since_epoch().count();
  const std::time_t seconds = ms / 1'000;
  std::tm parts{};
  ::gmtime_r(&seconds, &parts);
  std::array<char, 40> text{};
  const std::size_t size = std::strftime(text.data(), text.size(), "%Y-%m-%dT%H:%M:%S", &parts);
  std::array<char, 8> rest{};
  std::snprintf(rest.data(), rest.size(), ".%03dZ", static_cast<int>(ms % 1'000));
  return std::string{text.data(), size} + rest.data();
}

json::object to_json(const broker::client_view& v) {
  json::object o{{"client", v.client_id},
                 {"user", v.user},
                 {"connected", v.is_connected},
                 {"version", name(v.version)},
                 {"persistent", v.is_persistent}};
  constexpr std::uint32_t never = 0xffff'ffff;
  if (v.expiry_s == never) {
    o["expiry"] = "never";
  } else {
    o["expiry_s"] = v.expiry_s;
  }
  o["subscriptions"] = v.subscriptions;
  o["queued"] = v.queued;
  o["queued_most"] = v.queued_most;
  o["queued_bytes"] = v.queued_bytes;
  o["inflight"] = v.inflight;
  o["will"] = v.has_will;
  if (!v.is_connected) return o;
  o["address"] = v.address;
  o["listener"] = v.listener;
  o["connected_at"] = show_time(v.connected_at);
  o["keep_alive_s"] = v.keep_alive_s;
  o["unsent_bytes"] = v.unsent_bytes;
  return o;
}

json::object to_json(const broker::history_entry& e) {
  using kind = broker::history_entry::kind;
  json::object o{{"time", show_time(e.time)}};
  switch (e.what) {
    case kind::connected:
      o["what"] = "connected, new session";
      break;
    case kind::resumed:
      o["what"] = "connected, session resumed";
      break;
    case kind::ended:
      o["what"] = "disconnected";
      o["reason"] = session::name(e.cause);
      break;
  }
  o["address"] = e.address;
  return o;
}

json::object to_json(const broker::subscription_view& v) {
  json::object o{
      {"client", v.client_id}, {"filter", v.filter}, {"qos", number_of(v.terms.quality)}};
  if (v.terms.no_local) o["no_local"] = true;
  if (v.terms.retain_as_published) o["retain_as_published"] = true;
  if (v.terms.identifier != 0) o["identifier"] = v.terms.identifier;
  return o;
}

json::object to_json(const broker::queued_view& v, payloads how) {
  json::object o{{"position", v.position}, {"number", v.number},
                 {"state", v.state},       {"qos", number_of(v.quality)},
                 {"size_bytes", v.size},   {"arrival", show_time(v.arrival)}};
  if (v.packet_id != 0) o["packet_id"] = v.packet_id;
  if (!v.message) {
    o["on_disk"] = true;
    return o;
  }
  o["topic"] = v.message->topic();
  if (how == payloads::shown) add_payload(o, v.message->payload());
  return o;
}

json::object to_json(const mqtt::message& m, payloads how) {
  json::object o{{"topic", m.topic()},
                 {"qos", number_of(m.quality())},
                 {"payload_bytes", m.payload().size()},
                 {"arrival", show_time(m.arrival())}};
  if (m.expiry_s()) o["expires_at"] = show_time(m.arrival() + std::chrono::seconds{*m.expiry_s()});
  if (how == payloads::shown) add_payload(o, m.payload());
  return o;
}

}  // namespace godwit::daemon
