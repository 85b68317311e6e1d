#pragma once

#include <godwit/auth/principal.hpp>

#include <cstdint>
#include <string_view>

namespace godwit::auth {

enum class action : std::uint8_t {
  publish,         ///< `topic` is a topic name
  publish_retain,  ///< the same with RETAIN set
  subscribe,       ///< `topic` is a filter, without "$share/group/"
  receive,         ///< `topic` is a topic name that matched a subscription
  will,            ///< `topic` is the will topic, judged at CONNECT and again when it is sent
};

struct decision {
  bool allowed = false;
  const char* rule = "";  ///< For the log; lives as long as the authorizer.
};

/// The port that says what a client may do. Const, synchronous, no allocation: it stands on the
/// message path. Thread-safe.
class authorizer {
 public:
  virtual ~authorizer() = default;
  [[nodiscard]] virtual decision check(const principal& who, std::string_view client_id,
                                       action what, std::string_view topic) const noexcept = 0;
};

/// Allows everything but publishing to topics under "$SYS", which belong to the broker.
class open_authorizer final : public authorizer {
 public:
  [[nodiscard]] decision check(const principal& who, std::string_view client_id, action what,
                               std::string_view topic) const noexcept override;
};

}  // namespace godwit::auth
