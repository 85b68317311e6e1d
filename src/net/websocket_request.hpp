#pragma once

#include <godwit/net/options.hpp>

#include <string>
#include <string_view>

namespace godwit::net {

/// A request that asks for WebSocket is at most so long.
inline constexpr std::size_t websocket_request_bytes_max = 8'192;

/// What is said to an HTTP request.
struct websocket_answer {
  std::string response;  ///< all of it, 101 or an error that closes the connection
  std::string refusal;   ///< why, in words for the log; empty: it is WebSocket from now on
};

/// Judges a request whose header is complete. It must be a GET of the listener's path that upgrades
/// to version 13 and offers "mqtt" or "mqttv3.1", of which the answer names one.
/// [v311 MQTT-6.0.0-4] [v5 MQTT-6.0.0-4] With a list of origins, a page must come from one of them;
/// who is no browser names none, and is let in.
[[nodiscard]] websocket_answer answer_websocket_request(std::string_view request,
                                                        const websocket_options& o);
/// For what is no request that can be read.
[[nodiscard]] websocket_answer refuse_websocket_request(std::string_view status,
                                                        std::string_view why);

}  // namespace godwit::net
