#pragma once

#include "tls_pump.hpp"

#include <godwit/base/result.hpp>
#include <godwit/broker/transport.hpp>
#include <godwit/net/tls_context.hpp>

#include <memory>
#include <optional>
#include <span>
#include <string>

namespace godwit::net {

/// The server's side of TLS on one connection. Reads from a shard's pump and writes into it; moves
/// to another shard with its connection: `unbind` there, `bind` here. For one thread at a time.
class tls_session {
 public:
  enum class status : std::uint8_t {
    waits,          ///< for more bytes of the peer
    ready,          ///< the handshake is over; or, of `read`, the buffer is full
    ended_by_peer,  ///< close_notify
    failed,         ///< for good; the alert, if there is one, is in the pump
  };
  struct read_result {
    status now = status::waits;
    std::size_t size = 0;  ///< bytes read, also when it is not `ready`
  };

  tls_session() noexcept = default;
  /// Nothing of it may be used when memory is out: `operator bool`.
  explicit tls_session(const tls_context& context, tls_pump& pump) noexcept;

  [[nodiscard]] explicit operator bool() const noexcept { return session_ != nullptr; }
  void bind(tls_pump& pump) noexcept;
  void unbind() noexcept;

  [[nodiscard]] status shake_hands();
  /// Reads until the fed bytes are used up, the buffer is full, or it is over.
  [[nodiscard]] read_result read(std::span<std::byte> to);
  /// Writes all of it, in records of at most 16 KiB. False when the session has failed.
  [[nodiscard]] bool write(base::bytes_view plain);
  /// Writes close_notify, if that is still possible.
  void finish();

  /// After the handshake: it went on with a ticket.
  [[nodiscard]] bool is_resumed() const noexcept;
  /// Why it failed, for the log; call it right after the failure.
  [[nodiscard]] std::string failure() const;
  /// Who the peer is, if it has shown a certificate; an error is what is wrong with its names.
  [[nodiscard]] base::result<std::unique_ptr<const broker::peer_certificate>, std::string>
  peer_certificate() const;

 private:
  struct deleter {
    void operator()(ssl_st* s) const noexcept;
  };
  std::unique_ptr<ssl_st, deleter> session_;
};

}  // namespace godwit::net
