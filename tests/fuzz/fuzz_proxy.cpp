#include "net/proxy_header.hpp"
#include "require.hpp"

namespace godwit::fuzz {

void fuzz_proxy(base::bytes_view input);

/// What is decided about a beginning holds for everything that begins so.
void fuzz_proxy(base::bytes_view input) {
  using status = net::proxy_header::status;
  const net::proxy_header whole = net::read_proxy_header(input);
  FUZZ_REQUIRE(whole.now != status::complete ||
               (whole.size <= input.size() && whole.size <= net::proxy_header_bytes_max));
  FUZZ_REQUIRE(whole.now != status::incomplete || input.size() < net::proxy_header_bytes_max);
  FUZZ_REQUIRE(whole.now == status::complete || !whole.from);
  for (std::size_t size = 0; size < input.size(); ++size) {
    const net::proxy_header part = net::read_proxy_header(input.first(size));
    if (part.now == status::incomplete) continue;
    FUZZ_REQUIRE(part.now == whole.now && part.size == whole.size);
    FUZZ_REQUIRE(part.from.has_value() == whole.from.has_value());
    break;
  }
}

}  // namespace godwit::fuzz
