#pragma once

#include <godwit/auth/principal.hpp>
#include <godwit/base/bytes.hpp>
#include <godwit/mqtt/reason_code.hpp>

#include <functional>
#include <optional>
#include <string_view>

namespace godwit::auth {

/// What a CONNECT says about its sender. Views are valid during the call only.
struct credentials {
  std::string_view client_id;
  std::optional<std::string_view> user_name;
  std::optional<base::bytes_view> password;
  std::string_view peer;      ///< "address:port"
  std::string_view listener;  ///< name of the listener
};

/// `code` is success, bad_user_name_or_password, not_authorized, banned or server_unavailable.
struct verdict {
  mqtt::reason_code code = mqtt::reason_code::success;
  principal who;
};

/// The port that says who a client is.
class authenticator {
 public:
  virtual ~authenticator() = default;
  /// Calls `done` exactly once, during the call or later, on the calling shard's thread. The
  /// connection may be gone by then; whoever made `done` copes with that.
  virtual void authenticate(const credentials& c, std::function<void(verdict)> done) = 0;
};

/// Lets everybody in. A user name that is given becomes the principal's, unchecked; so it is only
/// for listeners that were asked to be anonymous.
class anonymous_authenticator final : public authenticator {
 public:
  void authenticate(const credentials& c, std::function<void(verdict)> done) override;
};

}  // namespace godwit::auth
