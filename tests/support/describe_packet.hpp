#pragma once

#include <godwit/base/bytes.hpp>
#include <godwit/mqtt/packets.hpp>

#include <string>
#include <type_traits>

namespace godwit::test {

/// Writes every field of a packet, so that two packets can be compared, and their difference read.
class packet_description {
 public:
  [[nodiscard]] static std::string of(const mqtt::packet_view& packet) {
    packet_description d;
    std::visit([&d](const auto& p) { d.put(p); }, packet);
    return d.text_;
  }

  void put(const mqtt::properties_view& properties) {
    mqtt::property_cursor cursor = properties.all();
    while (auto p = cursor.next()) {
      text_ += " {" + std::to_string(static_cast<unsigned>(p->id)) + ":";
      std::visit([this](const auto& value) { put_value(value); }, p->value);
      text_ += "}";
    }
  }
  [[nodiscard]] const std::string& text() const { return text_; }

 private:
  void put(const mqtt::connect_view& p) {
    text_ += "CONNECT";
    number("version", p.version);
    number("clean", p.clean_start);
    number("keep_alive", p.keep_alive_s);
    string("id", p.client_id);
    put(p.properties);
    if (p.will) {
      string("will", p.will->topic);
      string("payload", base::as_text(p.will->payload));
      number("qos", p.will->quality);
      number("retain", p.will->retain);
      put(p.will->properties);
    }
    if (p.user_name) string("user", *p.user_name);
    if (p.password) string("password", base::as_text(*p.password));
  }
  void put(const mqtt::connack_view& p) {
    text_ += "CONNACK";
    number("present", p.session_present);
    number("code", p.code);
    put(p.properties);
  }
  void put(const mqtt::publish_view& p) {
    text_ += "PUBLISH";
    number("id", p.id.value());
    number("qos", p.quality);
    number("dup", p.dup);
    number("retain", p.retain);
    string("topic", p.topic);
    put(p.properties);
    string("payload", base::as_text(p.payload));
  }
  void put(const mqtt::ack_view& p) {
    number("ack", p.type);
    number("id", p.id.value());
    number("code", p.code);
    put(p.properties);
  }
  void put(const mqtt::subscribe_view& p) {
    text_ += "SUBSCRIBE";
    number("id", p.id.value());
    number("dup", p.dup);
    number("count", p.count);
    number("version", p.version);
    put(p.properties);
    mqtt::subscription_cursor cursor = p.filters();
    while (auto s = cursor.next()) {
      string("filter", s->filter);
      number("qos", s->quality);
      number("no_local", s->no_local);
      number("as_published", s->retain_as_published);
      number("handling", s->retain_handling);
    }
  }
  void put(const mqtt::suback_view& p) {
    number("suback", p.type);
    number("id", p.id.value());
    put(p.properties);
    string("codes", base::as_text(p.codes));
  }
  void put(const mqtt::unsubscribe_view& p) {
    text_ += "UNSUBSCRIBE";
    number("id", p.id.value());
    number("dup", p.dup);
    number("count", p.count);
    put(p.properties);
    mqtt::filter_cursor cursor = p.filters();
    while (auto filter = cursor.next()) string("filter", *filter);
  }
  void put(const mqtt::pingreq_view&) { text_ += "PINGREQ"; }
  void put(const mqtt::pingresp_view&) { text_ += "PINGRESP"; }
  void put(const mqtt::disconnect_view& p) {
    text_ += "DISCONNECT";
    number("code", p.code);
    put(p.properties);
  }
  void put(const mqtt::auth_view& p) {
    text_ += "AUTH";
    number("code", p.code);
    put(p.properties);
  }

  void put_value(std::uint32_t value) { text_ += std::to_string(value); }
  void put_value(std::string_view value) { text_ += value; }
  void put_value(base::bytes_view value) { text_ += base::as_text(value); }
  void put_value(const mqtt::string_pair& value) {
    text_ += value.key;
    text_ += '=';
    text_ += value.value;
  }

  template <class Number>
  void number(const char* name, Number value) {
    text_ += ' ';
    text_ += name;
    text_ += '=';
    text_ += std::to_string(static_cast<unsigned>(value));
  }
  void string(const char* name, std::string_view value) {
    text_ += ' ';
    text_ += name;
    text_ += '[' + std::to_string(value.size()) + "]=";
    text_ += value;
  }

  std::string text_;
};

}  // namespace godwit::test
