#pragma once

#include <string>

namespace godwit::auth {

/// Who a connection is, once authenticated. Two connections with the same user name are the same
/// user; the empty name is the anonymous user.
struct principal {
  std::string user_name;
  friend bool operator==(const principal&, const principal&) = default;
};

}  // namespace godwit::auth
