#pragma once

#include <godwit/base/bytes.hpp>

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace godwit::auth {

/// What a service of the operator's is asked about one login.
struct remote_question {
  std::string user_name;
  std::string client_id;
  std::string address;  ///< without the port
  std::string listener;
  base::bytes password;
};

/// Its answer. What cannot be understood or does not come in time is `failed`.
struct remote_answer {
  enum class outcome : std::uint8_t { allowed, denied, failed };
  outcome said = outcome::failed;
  std::vector<std::string> groups;               ///< for rules
  std::optional<std::chrono::seconds> good_for;  ///< then the login ends; none: it does not
};

/// The port to such a service. Thread-safe.
class remote_authenticator {
 public:
  virtual ~remote_authenticator() = default;
  /// Waits for the answer, for a bounded time: not on a shard's thread.
  [[nodiscard]] virtual remote_answer ask(const remote_question& about) const noexcept = 0;
};

}  // namespace godwit::auth
