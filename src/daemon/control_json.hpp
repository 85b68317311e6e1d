#pragma once

#include <godwit/broker/inspection.hpp>

#include <boost/json.hpp>

#include <string>

namespace godwit::daemon {

/// What operators see of the broker's things, as JSON. Names end in their unit.
[[nodiscard]] boost::json::object to_json(const broker::client_view& v);
[[nodiscard]] boost::json::object to_json(const broker::history_entry& e);
[[nodiscard]] boost::json::object to_json(const broker::subscription_view& v);

/// A payload is shown only to who asked for it.
enum class payloads : std::uint8_t { hidden, shown };
[[nodiscard]] boost::json::object to_json(const broker::queued_view& v, payloads how);
[[nodiscard]] boost::json::object to_json(const mqtt::message& m, payloads how);

/// "2026-11-26T20:00:00.123Z"
[[nodiscard]] std::string show_time(base::wall_time t);

}  // namespace godwit::daemon
