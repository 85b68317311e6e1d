#pragma once

#include <godwit/auth/exchange.hpp>
#include <godwit/auth/principal.hpp>
#include <godwit/base/bytes.hpp>
#include <godwit/base/clock.hpp>

#include <functional>
#include <memory>
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
  /// What the listener verified; null: the client showed no certificate.
  const auth::certificate* certificate = nullptr;
  base::moment now{};
};

/// The port that says who a client is. One per shard, on its thread.
class authenticator {
 public:
  virtual ~authenticator() = default;
  /// Calls `done` exactly once, during the call or later, on the calling shard's thread, in a turn.
  /// The connection may be gone by then; whoever made `done` copes with that.
  virtual void authenticate(const credentials& c, std::function<void(verdict)> done) = 0;
  /// Begins an enhanced authentication by this method; null: it is not served here. What `c` says
  /// of a password does not count.
  [[nodiscard]] virtual std::unique_ptr<exchange> begin_exchange(const credentials& c,
                                                                 std::string_view method) {
    static_cast<void>(c);
    static_cast<void>(method);
    return nullptr;
  }
  /// Judges somebody who was let in before, after what decides has changed: what is known of them
  /// now, or nothing if they would not be let in any more (their password changed, say). `c` says
  /// where they come from; it has no password.
  [[nodiscard]] virtual std::optional<principal> review(const principal& who,
                                                        const credentials& c) const {
    static_cast<void>(c);
    return who;
  }
};

/// Lets everybody in. A user name that is given becomes the principal's, unchecked; so it is only
/// for tests and for brokers without any rules.
class anonymous_authenticator final : public authenticator {
 public:
  void authenticate(const credentials& c, std::function<void(verdict)> done) override;
};

}  // namespace godwit::auth
