// Paho C as a client of MQTT 5; clients_five.py describes what it takes and says.
#include <boost/json/src.hpp>

#include <MQTTAsync.h>

#include <cstdio>
#include <cstdlib>
#include <functional>
#include <iostream>
#include <map>
#include <mutex>
#include <string>

namespace {

using object = boost::json::object;

std::mutex say_mutex;

void say(const char* event, object fields = {}) {
  fields["event"] = event;
  const std::lock_guard lock{say_mutex};
  std::printf("%s\n", boost::json::serialize(fields).c_str());
  std::fflush(stdout);
}

std::string text_of(const object& f, const char* key) {
  const auto* const found = f.if_contains(key);
  return found != nullptr && found->is_string() ? std::string{found->as_string()} : std::string{};
}

int number_of(const object& f, const char* key, int otherwise = 0) {
  const auto* const found = f.if_contains(key);
  return found != nullptr && found->is_number() ? static_cast<int>(found->to_number<std::int64_t>())
                                                : otherwise;
}

bool is_set(const object& f, const char* key) {
  const auto* const found = f.if_contains(key);
  return found != nullptr && found->is_bool() && found->as_bool();
}

std::string from_hex(const std::string& text) {
  std::string out;
  for (std::size_t i = 0; i + 1 < text.size(); i += 2) {
    out += static_cast<char>(std::stoi(text.substr(i, 2), nullptr, 16));
  }
  return out;
}

std::string to_hex(const char* bytes, int size) {
  static constexpr char digits[] = "0123456789abcdef";
  std::string out;
  for (int i = 0; i < size; ++i) {
    const auto byte = static_cast<unsigned char>(bytes[i]);
    out += digits[byte >> 4U];
    out += digits[byte & 15U];
  }
  return out;
}

/// A list in Paho's form; the library copies what it is given.
class property_list {
 public:
  property_list() = default;
  property_list(const property_list&) = delete;
  property_list& operator=(const property_list&) = delete;
  ~property_list() { MQTTProperties_free(&list_); }

  void add(MQTTPropertyCodes code, int value) {
    MQTTProperty p{};
    p.identifier = code;
    switch (MQTTProperty_getType(code)) {
      case MQTTPROPERTY_TYPE_BYTE:
        p.value.byte = static_cast<unsigned char>(value);
        break;
      case MQTTPROPERTY_TYPE_TWO_BYTE_INTEGER:
        p.value.integer2 = static_cast<unsigned short>(value);
        break;
      default:
        p.value.integer4 = static_cast<unsigned>(value);
    }
    MQTTProperties_add(&list_, &p);
  }
  void add(MQTTPropertyCodes code, const std::string& text, const std::string& more = {}) {
    MQTTProperty p{};
    p.identifier = code;
    p.value.data = {static_cast<int>(text.size()), const_cast<char*>(text.data())};
    p.value.value = {static_cast<int>(more.size()), const_cast<char*>(more.data())};
    MQTTProperties_add(&list_, &p);
  }
  /// If the tests say so.
  void add_number(MQTTPropertyCodes code, const object& f, const char* key) {
    const auto* const found = f.if_contains(key);
    if (found != nullptr && found->is_number()) add(code, number_of(f, key));
  }
  void add_text(MQTTPropertyCodes code, const object& f, const char* key) {
    if (!text_of(f, key).empty()) add(code, text_of(f, key));
  }
  void add_message(const object& f) {
    add_number(MQTTPROPERTY_CODE_PAYLOAD_FORMAT_INDICATOR, f, "format");
    add_number(MQTTPROPERTY_CODE_MESSAGE_EXPIRY_INTERVAL, f, "expiry");
    add_number(MQTTPROPERTY_CODE_TOPIC_ALIAS, f, "alias");
    add_number(MQTTPROPERTY_CODE_WILL_DELAY_INTERVAL, f, "delay");
    add_text(MQTTPROPERTY_CODE_CONTENT_TYPE, f, "type");
    add_text(MQTTPROPERTY_CODE_RESPONSE_TOPIC, f, "response");
    const std::string correlation = from_hex(text_of(f, "correlation"));
    if (!correlation.empty()) add(MQTTPROPERTY_CODE_CORRELATION_DATA, correlation);
    const auto* const user = f.if_contains("user");
    if (user == nullptr || !user->is_array()) return;
    for (const auto& pair : user->as_array()) {
      add(MQTTPROPERTY_CODE_USER_PROPERTY, std::string{pair.at(0).as_string()},
          std::string{pair.at(1).as_string()});
    }
  }
  [[nodiscard]] MQTTProperties& list() { return list_; }

 private:
  MQTTProperties list_ = MQTTProperties_initializer;
};

std::string text_of(const MQTTLenString& s) {
  return {s.data, static_cast<std::size_t>(s.len)};
}

void tell_number(MQTTProperties& from, MQTTPropertyCodes code, object& to, const char* key) {
  if (MQTTProperties_hasProperty(&from, code) != 0) {
    to[key] = MQTTProperties_getNumericValue(&from, code);
  }
}

void tell_text(MQTTProperties& from, MQTTPropertyCodes code, object& to, const char* key) {
  const MQTTProperty* const p = MQTTProperties_getProperty(&from, code);
  if (p != nullptr) to[key] = text_of(p->value.data);
}

void tell_message(MQTTProperties& from, object& to) {
  tell_number(from, MQTTPROPERTY_CODE_PAYLOAD_FORMAT_INDICATOR, to, "format");
  tell_number(from, MQTTPROPERTY_CODE_MESSAGE_EXPIRY_INTERVAL, to, "expiry");
  tell_text(from, MQTTPROPERTY_CODE_CONTENT_TYPE, to, "type");
  tell_text(from, MQTTPROPERTY_CODE_RESPONSE_TOPIC, to, "response");
  const MQTTProperty* const data =
      MQTTProperties_getProperty(&from, MQTTPROPERTY_CODE_CORRELATION_DATA);
  if (data != nullptr) to["correlation"] = to_hex(data->value.data.data, data->value.data.len);
  boost::json::array ids;
  boost::json::array user;
  for (int i = 0; i < from.count; ++i) {
    const MQTTProperty& p = from.array[i];
    if (p.identifier == MQTTPROPERTY_CODE_SUBSCRIPTION_IDENTIFIER) {
      ids.emplace_back(p.value.integer4);
    }
    if (p.identifier == MQTTPROPERTY_CODE_USER_PROPERTY) {
      user.push_back(boost::json::array{text_of(p.value.data), text_of(p.value.value)});
    }
  }
  to["ids"] = ids;
  to["user"] = user;
}

void require(int code) {
  if (code == MQTTASYNC_SUCCESS) return;
  say("failed", {{"code", code}});
  std::exit(1);
}

/// One connection, as long as the program. The library calls back on threads of its own.
class agent {
 public:
  void connect(const object& f) {
    const std::string uri = "tcp://127.0.0.1:" + std::to_string(number_of(f, "port"));
    MQTTAsync_createOptions make = MQTTAsync_createOptions_initializer5;
    require(MQTTAsync_createWithOptions(&client_, uri.c_str(), text_of(f, "id").c_str(),
                                        MQTTCLIENT_PERSISTENCE_NONE, nullptr, &make));
    require(MQTTAsync_setCallbacks(
        client_, this, [](void*, char*) { say("closed"); }, on_message, nullptr));
    require(
        MQTTAsync_setDisconnected(client_, this, [](void*, MQTTProperties*, MQTTReasonCodes code) {
          say("bye", {{"code", static_cast<int>(code)}});
        }));
    property_list asked;
    asked.add_number(MQTTPROPERTY_CODE_SESSION_EXPIRY_INTERVAL, f, "expiry");
    asked.add_number(MQTTPROPERTY_CODE_TOPIC_ALIAS_MAXIMUM, f, "aliases");
    asked.add_number(MQTTPROPERTY_CODE_RECEIVE_MAXIMUM, f, "receive");
    asked.add_number(MQTTPROPERTY_CODE_MAXIMUM_PACKET_SIZE, f, "packet");
    MQTTAsync_connectOptions o = MQTTAsync_connectOptions_initializer5;
    o.cleanstart = is_set(f, "clean") ? 1 : 0;
    o.connectProperties = &asked.list();
    property_list of_will;
    MQTTAsync_willOptions will = MQTTAsync_willOptions_initializer;
    std::string topic;
    std::string payload;
    if (const auto* const w = f.if_contains("will"); w != nullptr && w->is_object()) {
      const object& said = w->as_object();
      topic = text_of(said, "topic");
      payload = from_hex(text_of(said, "payload"));
      will.topicName = topic.c_str();
      will.qos = number_of(said, "qos");
      will.payload.data = payload.data();
      will.payload.len = static_cast<int>(payload.size());
      of_will.add_message(said);
      o.will = &will;
      o.willProperties = &of_will.list();
    }
    o.context = this;
    o.onSuccess5 = [](void*, MQTTAsync_successData5* d) {
      object told{{"present", d->alt.connect.sessionPresent != 0}};
      tell_number(d->properties, MQTTPROPERTY_CODE_SERVER_KEEP_ALIVE, told, "keepAlive");
      tell_number(d->properties, MQTTPROPERTY_CODE_RECEIVE_MAXIMUM, told, "receive");
      tell_number(d->properties, MQTTPROPERTY_CODE_TOPIC_ALIAS_MAXIMUM, told, "aliases");
      tell_text(d->properties, MQTTPROPERTY_CODE_ASSIGNED_CLIENT_IDENTIFER, told, "id");
      say("connected", told);
    };
    o.onFailure5 = [](void*, MQTTAsync_failureData5* d) {
      say("refused", {{"code", static_cast<int>(d->reasonCode)}});
    };
    require(MQTTAsync_connect(client_, &o));
  }

  void subscribe(const object& f) {
    property_list more;
    more.add_number(MQTTPROPERTY_CODE_SUBSCRIPTION_IDENTIFIER, f, "id");
    MQTTAsync_responseOptions o = answered_as<subscribed>();
    o.properties = more.list();
    o.subscribeOptions.noLocal = is_set(f, "noLocal") ? 1 : 0;
    o.subscribeOptions.retainAsPublished = is_set(f, "asPublished") ? 1 : 0;
    o.subscribeOptions.retainHandling = static_cast<unsigned char>(number_of(f, "handling"));
    require(MQTTAsync_subscribe(client_, text_of(f, "filter").c_str(), number_of(f, "qos"), &o));
  }

  void unsubscribe(const object& f) {
    MQTTAsync_responseOptions o = answered_as<unsubscribed>();
    require(MQTTAsync_unsubscribe(client_, text_of(f, "filter").c_str(), &o));
  }

  void publish(const object& f) {
    property_list more;
    more.add_message(f);
    std::string payload = from_hex(text_of(f, "payload"));
    MQTTAsync_message m = MQTTAsync_message_initializer;
    m.payload = payload.data();
    m.payloadlen = static_cast<int>(payload.size());
    m.qos = number_of(f, "qos");
    m.retained = is_set(f, "retain") ? 1 : 0;
    m.properties = more.list();
    MQTTAsync_responseOptions o = answered_as<published>();
    require(MQTTAsync_sendMessage(client_, text_of(f, "topic").c_str(), &m, &o));
  }

  void leave(const object& f) {
    constexpr int patience_ms = 10'000;
    property_list more;
    more.add_number(MQTTPROPERTY_CODE_SESSION_EXPIRY_INTERVAL, f, "expiry");
    MQTTAsync_disconnectOptions o = MQTTAsync_disconnectOptions_initializer5;
    o.timeout = patience_ms;
    o.properties = more.list();
    o.reasonCode = static_cast<MQTTReasonCodes>(number_of(f, "code"));
    o.onSuccess5 = [](void*, MQTTAsync_successData5*) { say("closed"); };
    require(MQTTAsync_disconnect(client_, &o));
  }

 private:
  static constexpr char subscribed[] = "subscribed";
  static constexpr char unsubscribed[] = "unsubscribed";
  static constexpr char published[] = "published";

  template <const char* Event>
  static MQTTAsync_responseOptions answered_as() {
    MQTTAsync_responseOptions o = MQTTAsync_responseOptions_initializer;
    o.onSuccess5 = [](void*, MQTTAsync_successData5* d) {
      say(Event, {{"code", static_cast<int>(d->reasonCode)}});
    };
    o.onFailure5 = [](void*, MQTTAsync_failureData5* d) {
      say(Event, {{"code", static_cast<int>(d->reasonCode)}, {"error", d->code}});
    };
    return o;
  }

  static int on_message(void*, char* name, int size, MQTTAsync_message* m) {
    object told{{"qos", m->qos}, {"retain", m->retained != 0}};
    told["topic"] =
        size > 0 ? std::string(name, static_cast<std::size_t>(size)) : std::string(name);
    told["payload"] = to_hex(static_cast<const char*>(m->payload), m->payloadlen);
    tell_message(m->properties, told);
    say("message", told);
    MQTTAsync_freeMessage(&m);
    MQTTAsync_free(name);
    return 1;
  }

  MQTTAsync client_ = nullptr;
};

}  // namespace

int main() {
  agent a;
  const std::map<std::string, std::function<void(const object&)>> commands{
      {"connect", [&](const object& f) { a.connect(f); }},
      {"subscribe", [&](const object& f) { a.subscribe(f); }},
      {"unsubscribe", [&](const object& f) { a.unsubscribe(f); }},
      {"publish", [&](const object& f) { a.publish(f); }},
      {"leave", [&](const object& f) { a.leave(f); }},
  };
  for (std::string line; std::getline(std::cin, line);) {
    const object asked = boost::json::parse(line).as_object();
    commands.at(text_of(asked, "command"))(asked);
  }
  return 0;
}
