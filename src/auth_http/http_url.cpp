#include <godwit/auth_http/http_authenticator.hpp>

#include <algorithm>

namespace godwit::auth_http {
namespace {

constexpr std::string_view scheme = "http://";

bool is_port(std::string_view text) {
  return !text.empty() && text.size() <= 5 && text != "0" &&
         text.find_first_not_of("0123456789") == std::string_view::npos;
}

}  // namespace

base::result<http_url, url_mistake> parse_url(std::string_view text) {
  if (!text.starts_with(scheme)) {
    return url_mistake{
        "is not \"http://host:port/path\" (the service is on this machine or in a "
        "trusted network)"};
  }
  text.remove_prefix(scheme.size());
  http_url out;
  const auto slash = text.find('/');
  out.path = slash == std::string_view::npos ? "/" : std::string{text.substr(slash)};
  std::string_view place = text.substr(0, slash);
  if (place.starts_with('[')) {
    const auto end = place.find(']');
    if (end == std::string_view::npos) return url_mistake{"has an address without its \"]\""};
    out.host = place.substr(1, end - 1);
    place.remove_prefix(end + 1);
  } else {
    out.host = place.substr(0, place.find(':'));
    place.remove_prefix(out.host.size());
  }
  out.port = place.empty() ? "80" : std::string{place.substr(1)};
  const auto is_plain = [](char c) { return c > 0x20 && c < 0x7f && c != '@' && c != '#'; };
  if (out.host.empty() || !is_port(out.port) || !std::ranges::all_of(out.host, is_plain) ||
      !std::ranges::all_of(out.path, is_plain)) {
    return url_mistake{"has no host, a wrong port, a user, a fragment or odd characters"};
  }
  return out;
}

}  // namespace godwit::auth_http
