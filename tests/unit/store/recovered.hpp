#pragma once

#include <godwit/store/memory_store.hpp>

#include <string>
#include <string_view>
#include <vector>

namespace godwit::store {

/// What `recover` handed out.
struct recovered final : recovery_visitor {
  std::vector<restored_session> sessions;
  std::vector<restored_will> wills;
  std::vector<base::ref<const mqtt::message>> retained_messages;
  high_water seen;

  explicit recovered(store& s) { seen = s.recover(*this); }
  void on_session(restored_session s) override { sessions.push_back(std::move(s)); }
  void on_will(restored_will w) override { wills.push_back(std::move(w)); }
  void on_retained(base::ref<const mqtt::message> m) override {
    retained_messages.push_back(std::move(m));
  }
};

inline base::ref<const mqtt::message> a_message(std::uint64_t number, std::string_view topic = "t",
                                                std::string_view payload = "p",
                                                std::uint64_t retain_version = 0) {
  mqtt::message_fields fields;
  fields.number = mqtt::message_number{number};
  fields.topic = topic;
  fields.payload = base::as_bytes(payload);
  fields.quality = mqtt::qos::at_least_once;
  fields.retain_version = retain_version;
  return mqtt::message::make(fields);
}

inline session_opened opened(std::uint64_t number, std::string client_id = "c") {
  return {.session = session_number{number}, .client_id = std::move(client_id), .owner = {}};
}

inline enqueued entry(std::uint64_t session, std::uint64_t position, std::uint64_t message,
                      std::uint64_t commit = 0, std::string share = {}) {
  return {.session = session_number{session},
          .position = log_position{position},
          .message = a_message(message),
          .share = std::move(share),
          .commit = mqtt::message_number{commit}};
}

inline removed removal(std::uint64_t session, std::uint64_t position, std::uint64_t commit = 0) {
  return {session_number{session}, log_position{position}, mqtt::message_number{commit}};
}

/// Message numbers of a session's entries, in order.
inline std::vector<std::uint64_t> numbers(const restored_session& s) {
  std::vector<std::uint64_t> all;
  for (const restored_entry& e : s.entries) all.push_back(e.message->number().value());
  return all;
}

}  // namespace godwit::store
