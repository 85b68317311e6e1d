#include "subscription_options.hpp"
#include "wire.hpp"

#include <godwit/mqtt/packets.hpp>
#include <godwit/mqtt/version_policy.hpp>

namespace godwit::mqtt {

std::optional<subscription_request> subscription_cursor::next() noexcept {
  if (rest_.empty()) return std::nullopt;
  wire::reader in{rest_};
  subscription_request request;
  std::uint8_t options = 0;
  const bool whole = in.text(request.filter) && in.u8(options);
  GODWIT_ASSERT(whole);  // The payload was checked.
  rest_ = in.rest();
  request.quality = static_cast<qos>(options & subscription_option::qos_bits);
  if (policy_for(version_).has_subscription_options) {
    request.no_local = (options & subscription_option::no_local) != 0;
    request.retain_as_published = (options & subscription_option::retain_as_published) != 0;
    request.retain_handling =
        static_cast<std::uint8_t>(subscription_option::retain_handling(options));
  }
  return request;
}

std::optional<std::string_view> filter_cursor::next() noexcept {
  if (rest_.empty()) return std::nullopt;
  wire::reader in{rest_};
  std::string_view filter;
  const bool whole = in.text(filter);
  GODWIT_ASSERT(whole);
  rest_ = in.rest();
  return filter;
}

}  // namespace godwit::mqtt
