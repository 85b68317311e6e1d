#include "address.hpp"

#include <godwit/base/network.hpp>

namespace godwit::config {

bool is_ip_address(std::string_view text) {
  return base::parse_ip(text).has_value();
}

bool is_loopback(std::string_view text) {
  const base::network loopback_v4 = base::parse_network("127.0.0.0/8").value();
  const base::network loopback_v6 = base::parse_network("::1").value();
  const auto address = base::parse_ip(text);
  return address && (loopback_v4.contains(*address) || loopback_v6.contains(*address));
}

bool is_network(std::string_view text) {
  return base::parse_network(text).has_value();
}

}  // namespace godwit::config
