#pragma once

#include <godwit/auth/principal.hpp>
#include <godwit/base/bytes.hpp>
#include <godwit/base/clock.hpp>
#include <godwit/mqtt/reason_code.hpp>

#include <cstdint>

namespace godwit::auth {

/// `code` is success, bad_user_name_or_password, not_authorized, banned or server_unavailable.
struct verdict {
  mqtt::reason_code code = mqtt::reason_code::success;
  principal who{};
  /// For the log: how the client was recognised, or why it was refused. Not told to the client.
  const char* why = "";
  /// What an exchange tells the client along with its yes.
  base::bytes data{};
  /// How the client tried to log in.
  voucher tried = voucher::nobody;
};

/// One enhanced authentication of one client [v5 4.12]: its messages, one after another. Belongs to
/// the connection, on its shard; the authenticator that made it outlives it. A step is taken during
/// the call, so it costs microseconds.
class exchange {
 public:
  enum class state : std::uint8_t { goes_on, over };
  struct step {
    state is = state::over;
    base::bytes data{};  ///< for the client, if it goes on
    verdict end{};       ///< if it is over
  };

  virtual ~exchange() = default;
  /// What the client sent, possibly nothing. Not called again once it is over.
  [[nodiscard]] virtual step take(base::bytes_view data, base::moment now) = 0;
};

}  // namespace godwit::auth
