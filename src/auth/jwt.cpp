#include "base64.hpp"

#include <godwit/auth/jwt.hpp>
#include <godwit/auth/password_file.hpp>
#include <godwit/auth/topic_pattern.hpp>

#include <boost/json.hpp>

#include <algorithm>
#include <cmath>
#include <optional>

namespace godwit::auth {
namespace {

namespace json = boost::json;

constexpr std::size_t token_bytes_max = 16'384;
constexpr std::size_t list_max = 1'000;
/// Seconds that fit into a wall time of milliseconds.
constexpr double seconds_max = 9e15;

struct parts {
  std::string_view header;
  std::string_view payload;
  std::string_view signature;
  std::string_view signed_text;  ///< header and payload with the dot
};

std::optional<parts> take_apart(std::string_view token) noexcept {
  const auto first = token.find('.');
  if (first == std::string_view::npos) return std::nullopt;
  const auto second = token.find('.', first + 1);
  if (second == std::string_view::npos || token.find('.', second + 1) != std::string_view::npos) {
    return std::nullopt;
  }
  return parts{token.substr(0, first), token.substr(first + 1, second - first - 1),
               token.substr(second + 1), token.substr(0, second)};
}

std::optional<json::object> read_object(std::string_view base64url) {
  const auto bytes = decode_base64url(base64url);
  if (!bytes) return std::nullopt;
  json::error_code error;
  const std::string_view text = base::as_text(*bytes);
  json::value v = json::parse({text.data(), text.size()}, error);
  if (error || !v.is_object()) return std::nullopt;
  return std::move(v.as_object());
}

std::optional<std::string> text_of(const json::object& o, std::string_view name) {
  const json::value* const v = o.if_contains({name.data(), name.size()});
  if (v == nullptr || !v->is_string()) return std::nullopt;
  return std::string{v->as_string().data(), v->as_string().size()};
}

/// A NumericDate; nothing if it is there and none, or out of all bounds.
std::optional<double> date_of(const json::value& v) {
  json::error_code error;
  const auto seconds = v.is_number() ? v.to_number<double>(error) : std::nan("");
  if (error || !(std::fabs(seconds) < seconds_max)) return std::nullopt;
  return seconds;
}

std::optional<std::vector<std::string>> list_of(const json::value& v) {
  std::vector<std::string> out;
  if (v.is_string()) return std::vector<std::string>{{v.as_string().data(), v.as_string().size()}};
  if (!v.is_array() || v.as_array().size() > list_max) return std::nullopt;
  for (const json::value& e : v.as_array()) {
    if (!e.is_string()) return std::nullopt;
    out.emplace_back(e.as_string().data(), e.as_string().size());
  }
  return out;
}

std::optional<jwt_algorithm> algorithm_of(const std::string& name) {
  if (name == "HS256") return jwt_algorithm::hs256;
  if (name == "RS256") return jwt_algorithm::rs256;
  if (name == "ES256") return jwt_algorithm::es256;
  if (name == "EdDSA") return jwt_algorithm::eddsa;
  return std::nullopt;
}

/// {"publish": [...], "subscribe": [...], "all": [...]}; "pub" and "sub" are short forms.
std::unique_ptr<const granted_topics> grants_of(const json::value& v) {
  if (!v.is_object()) return nullptr;
  auto out = std::make_unique<granted_topics>();
  for (const auto& [key, value] : v.as_object()) {
    const bool is_all = key == "all";
    const bool is_publish = is_all || key == "publish" || key == "pub";
    const bool is_subscribe = is_all || key == "subscribe" || key == "sub";
    const auto filters = list_of(value);
    if (!filters || !(is_publish || is_subscribe)) return nullptr;
    for (const std::string& f : *filters) {
      const auto p = topic_pattern::parse(f, topic_pattern::placeholders::substituted);
      if (!p) return nullptr;
      if (is_publish) out->publish.push_back(*p);
      if (is_subscribe) out->subscribe.push_back(*p);
    }
  }
  return out;
}

const char* check_times(const json::object& claims, const jwt_options& o, base::wall_time now,
                        identity_parts& out) {
  using std::chrono::milliseconds;
  const double now_s = static_cast<double>(now.time_since_epoch().count()) / 1'000.0;
  const auto leeway = static_cast<double>(o.leeway.count());
  const json::value* const exp = claims.if_contains("exp");
  if (exp == nullptr) return "the token has no exp";
  const auto expires = date_of(*exp);
  if (!expires) return "the token's exp is no time";
  if (*expires + leeway <= now_s) return "the token has expired";
  if (const json::value* const nbf = claims.if_contains("nbf")) {
    const auto starts = date_of(*nbf);
    if (!starts) return "the token's nbf is no time";
    if (*starts - leeway > now_s) return "the token is not valid yet";
  }
  out.expires = base::wall_time{milliseconds{std::llround((*expires + leeway) * 1'000.0)}};
  return nullptr;
}

const char* check_claims(const json::object& claims, const jwt_options& o,
                         std::string_view client_id, identity_parts& out) {
  if (!o.issuer.empty() && text_of(claims, "iss") != o.issuer) return "another issuer's token";
  if (!o.audience.empty()) {
    const json::value* const aud = claims.if_contains("aud");
    const auto names = aud != nullptr ? list_of(*aud) : std::nullopt;
    if (!names || std::ranges::find(*names, o.audience) == names->end()) {
      return "a token for another audience";
    }
  }
  const auto user = text_of(claims, o.user_claim.empty() ? std::string_view{"sub"} : o.user_claim);
  if (!user || !is_user_name(*user)) return "the token has no user name that can be used";
  out.user_name = *user;
  if (!o.client_claim.empty()) {
    const auto client = text_of(claims, o.client_claim);
    if (!client || *client != client_id) return "a token for another client id";
  }
  if (!o.groups_claim.empty()) {
    if (const json::value* const v = claims.if_contains(o.groups_claim)) {
      auto groups = list_of(*v);
      if (!groups) return "the token's groups are no list of names";
      out.facts.groups = std::move(*groups);
      out.has_facts = true;
    }
  }
  if (!o.acl_claim.empty()) {
    if (const json::value* const v = claims.if_contains(o.acl_claim)) {
      out.facts.grants = grants_of(*v);
      if (!out.facts.grants) return "the token's topics are not as documented";
      out.has_facts = true;
    }
  }
  return nullptr;
}

}  // namespace

bool looks_like_jwt(std::string_view text) noexcept {
  // '{"' in Base64url.
  return text.starts_with("eyJ") && text.size() <= token_bytes_max && take_apart(text).has_value();
}

base::result<identity_parts, jwt_refusal> read_jwt(std::string_view token, const jwt_keys& keys,
                                                   const jwt_options& options,
                                                   std::string_view client_id,
                                                   base::wall_time now) {
  if (token.size() > token_bytes_max) return jwt_refusal{"the token is too long"};
  const auto p = take_apart(token);
  if (!p) return jwt_refusal{"not a token"};
  const auto header = read_object(p->header);
  const auto signature = decode_base64url(p->signature);
  if (!header || !signature) return jwt_refusal{"the token is malformed"};
  const auto algorithm = algorithm_of(text_of(*header, "alg").value_or(""));
  if (!algorithm) return jwt_refusal{"the token's algorithm is not accepted"};
  // What a token says must be understood and is not. [RFC 7515 4.1.11]
  if (header->contains("crit")) return jwt_refusal{"the token has critical extensions"};
  identity_parts out;
  out.proof = keys.find_signer(*algorithm, text_of(*header, "kid").value_or(""), p->signed_text,
                               base::as_text(*signature));
  if (out.proof == 0) return jwt_refusal{"no known key has signed the token"};
  const auto claims = read_object(p->payload);
  if (!claims) return jwt_refusal{"the token is malformed"};
  if (const char* wrong = check_times(*claims, options, now, out)) return jwt_refusal{wrong};
  if (const char* wrong = check_claims(*claims, options, client_id, out)) return jwt_refusal{wrong};
  out.vouched_by = voucher::jwt;
  return out;
}

}  // namespace godwit::auth
