#pragma once

#include <godwit/store/records.hpp>

#include <string>
#include <string_view>

namespace godwit::test {

inline store::session_opened opening(std::uint64_t number) {
  return {store::session_number{number}, "client" + std::to_string(number), {}};
}

inline store::enqueued entry(std::uint64_t session, std::uint64_t position, std::uint64_t message,
                             std::string_view payload) {
  mqtt::message_fields f;
  f.number = mqtt::message_number{message};
  f.topic = "t";
  f.payload = base::as_bytes(payload);
  store::enqueued r;
  r.session = store::session_number{session};
  r.position = store::log_position{position};
  r.message = mqtt::message::make(f);
  return r;
}

inline store::removed removal(std::uint64_t session, std::uint64_t position) {
  return {store::session_number{session}, store::log_position{position}};
}

}  // namespace godwit::test
