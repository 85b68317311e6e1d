#pragma once

#include "wire.hpp"

#include <cstdint>
#include <memory>
#include <span>
#include <string>

namespace godwit::bench {

/// What stands between the octets of a socket and those of MQTT: TLS, WebSocket, or both.
class layer {
 public:
  enum class state : std::uint8_t { opening, open, ended };

  layer() = default;
  layer(const layer&) = delete;
  layer& operator=(const layer&) = delete;
  virtual ~layer() = default;

  /// The socket is connected: appends what the client says first to `wire`.
  virtual void begin(octets& wire) = 0;
  /// Takes what came, appends octets of MQTT to `plain` and what must be answered to `wire`. Throws
  /// bench_error when the peer breaks the rules.
  virtual state receive(octet_view from_wire, octets& plain, octets& wire) = 0;
  /// Appends octets of MQTT to `wire` as they travel. Only while it is open.
  virtual void seal(octet_view plain, octets& wire) = 0;
};

/// How a run's connections travel.
struct layer_options {
  bool tls = false;
  bool resumes = false;       ///< offers the newest ticket again, so that handshakes are short
  bool websocket = false;     ///< at the path /mqtt
  std::string certificate{};  ///< file with a client's certificate, for those who show one
  std::string key{};          ///< file with its key
  [[nodiscard]] bool is_plain() const { return !tls && !websocket; }
};

/// Makes the layers of a run's connections. The broker's certificate is not checked.
class layer_maker {
 public:
  explicit layer_maker(const layer_options& how);
  ~layer_maker();
  layer_maker(const layer_maker&) = delete;
  layer_maker& operator=(const layer_maker&) = delete;

  enum class identity : std::uint8_t { hidden, shown };  ///< of the client's certificate
  /// Nothing for a plain connection.
  [[nodiscard]] std::unique_ptr<layer> make(identity its = identity::hidden) const;

  struct tls_client;  // in tls_layer.cpp

 private:
  layer_options how_;
  std::unique_ptr<tls_client> tls_;
  std::unique_ptr<tls_client> tls_with_certificate_;
};

/// WebSocket over the octets of `below`, or of the socket if that is nothing.
[[nodiscard]] std::unique_ptr<layer> make_websocket_layer(std::unique_ptr<layer> below);

}  // namespace godwit::bench
