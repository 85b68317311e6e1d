#include "peer_text.hpp"

namespace godwit::auth {

base::ip_address address_of(std::string_view peer) {
  std::string_view host = host_of(peer);
  if (host.starts_with('[') && host.ends_with(']')) host = host.substr(1, host.size() - 2);
  return base::parse_ip(host).value_or(base::ip_address{});
}

}  // namespace godwit::auth
