#include "base64.hpp"
#include "crypto.hpp"
#include "signature_key.hpp"

#include <godwit/auth/jwt.hpp>

#include <boost/json.hpp>

#include <algorithm>
#include <cstring>

namespace godwit::auth {

struct jwt_key {
  jwt_algorithm algorithm = jwt_algorithm::hs256;
  std::string id;
  base::bytes secret;        ///< HS256
  signature_key public_key;  ///< the others
  std::uint64_t digest = 0;
};

namespace {

namespace json = boost::json;

constexpr std::size_t secret_bytes_min = 32;
/// Of a token that names no key all are tried.
constexpr std::size_t keys_max = 64;

/// Never 0.
std::uint64_t digest_of(base::bytes_view material) {
  const base::bytes hash = sha256(material);
  std::uint64_t out = 0;
  std::memcpy(&out, hash.data(), sizeof out);
  return out == 0 ? 1 : out;
}

jwt_algorithm algorithm_of(signature_kind kind) noexcept {
  switch (kind) {
    case signature_kind::rsa:
      return jwt_algorithm::rs256;
    case signature_kind::p256:
      return jwt_algorithm::es256;
    case signature_kind::ed25519:
      break;
  }
  return jwt_algorithm::eddsa;
}

std::shared_ptr<const jwt_key> make_key(signature_key k, std::string id) {
  auto out = std::make_shared<jwt_key>();
  out->algorithm = algorithm_of(k.kind());
  out->id = std::move(id);
  out->digest = digest_of(k.encoded());
  out->public_key = std::move(k);
  return out;
}

std::shared_ptr<const jwt_key> make_secret(base::bytes secret, std::string id) {
  auto out = std::make_shared<jwt_key>();
  out->algorithm = jwt_algorithm::hs256;
  out->id = std::move(id);
  out->digest = digest_of(secret);
  out->secret = std::move(secret);
  return out;
}

std::string_view text_of(const json::object& o, const char* name) {
  const json::value* const v = o.if_contains(name);
  if (v == nullptr || !v->is_string()) return {};
  return {v->as_string().data(), v->as_string().size()};
}

struct jwk_reader {
  const json::object& jwk;
  std::string wrong{};

  [[nodiscard]] base::bytes part(const char* name) {
    const auto bytes = decode_base64url(text_of(jwk, name));
    if (!bytes || bytes->empty()) {
      wrong = std::string{"has no \""} + name + "\" in Base64url";
      return {};
    }
    return *bytes;
  }
  /// Null and no `wrong`: a key of a kind that is not used.
  [[nodiscard]] std::shared_ptr<const jwt_key> read() {
    const std::string_view type = text_of(jwk, "kty");
    const std::string_view curve = text_of(jwk, "crv");
    const std::string_view algorithm = text_of(jwk, "alg");
    std::string id{text_of(jwk, "kid")};
    const auto is_for = [&](std::string_view name) {
      return algorithm.empty() || algorithm == name;
    };
    if (text_of(jwk, "use") == "enc") return nullptr;
    std::optional<signature_key> key;
    if (type == "oct" && is_for("HS256")) {
      base::bytes secret = part("k");
      if (!wrong.empty()) return nullptr;
      if (secret.size() < secret_bytes_min) {
        wrong = "is shorter than 32 bytes";
        return nullptr;
      }
      return make_secret(std::move(secret), std::move(id));
    }
    if (type == "RSA" && is_for("RS256")) {
      key = signature_key::rsa(part("n"), part("e"));
    } else if (type == "EC" && curve == "P-256" && is_for("ES256")) {
      key = signature_key::p256(part("x"), part("y"));
    } else if (type == "OKP" && curve == "Ed25519" && is_for("EdDSA")) {
      key = signature_key::ed25519(part("x"));
    } else {
      return nullptr;
    }
    if (!key && wrong.empty()) wrong = "is no key, or too weak (RSA needs 2048 bits)";
    return key && wrong.empty() ? make_key(*std::move(key), std::move(id)) : nullptr;
  }
};

std::vector<mistake> failed(std::string what) {
  return {mistake{0, std::move(what)}};
}

}  // namespace

base::result<jwt_keys, std::vector<mistake>> jwt_keys::from_key_file(std::string_view text) {
  jwt_keys out;
  if (text.find("-----BEGIN ") != std::string_view::npos) {
    if (text.find("PRIVATE KEY") != std::string_view::npos) {
      return failed("holds a private key; what checks signatures is the public one");
    }
    auto keys = signature_key::read_pem(text);
    if (!keys || keys->empty()) {
      return failed(
          "holds PEM that is not a public key of RSA (2048 bits and more), P-256 or Ed25519");
    }
    for (signature_key& k : *keys) out.keys_.push_back(make_key(std::move(k), {}));
    return out;
  }
  if (text.ends_with('\n')) text.remove_suffix(1);
  if (text.ends_with('\r')) text.remove_suffix(1);
  if (text.size() < secret_bytes_min) {
    return failed("holds neither PEM nor a secret of at least 32 bytes");
  }
  const base::bytes_view secret = base::as_bytes(text);
  out.keys_.push_back(make_secret({secret.begin(), secret.end()}, {}));
  return out;
}

base::result<jwt_keys, std::vector<mistake>> jwt_keys::from_jwks(std::string_view text) {
  json::error_code error;
  const json::value v = json::parse({text.data(), text.size()}, error);
  const json::value* const list =
      !error && v.is_object() ? v.as_object().if_contains("keys") : nullptr;
  if (list == nullptr || !list->is_array() || list->as_array().size() > keys_max) {
    return failed("is not a JSON Web Key Set: {\"keys\": [...]}");
  }
  jwt_keys out;
  std::vector<mistake> wrong;
  std::size_t number = 0;
  for (const json::value& entry : list->as_array()) {
    ++number;
    if (!entry.is_object()) {
      wrong.push_back({0, "key " + std::to_string(number) + " is not an object"});
      continue;
    }
    jwk_reader r{entry.as_object()};
    auto key = r.read();
    if (!r.wrong.empty()) wrong.push_back({0, "key " + std::to_string(number) + " " + r.wrong});
    if (key) out.keys_.push_back(std::move(key));
  }
  if (wrong.empty() && out.keys_.empty()) {
    return failed("has no key for HS256, RS256, ES256 or EdDSA");
  }
  if (!wrong.empty()) return wrong;
  return out;
}

void jwt_keys::add(const jwt_keys& more) {
  keys_.insert(keys_.end(), more.keys_.begin(), more.keys_.end());
}

std::uint64_t jwt_keys::find_signer(jwt_algorithm algorithm, std::string_view id,
                                    std::string_view message, std::string_view signature) const {
  for (const auto& k : keys_) {
    if (k->algorithm != algorithm || (!id.empty() && !k->id.empty() && k->id != id)) continue;
    const bool is_signer =
        algorithm == jwt_algorithm::hs256
            ? is_same(hmac_sha256(k->secret, base::as_bytes(message)), base::as_bytes(signature))
            : k->public_key.has_signed(base::as_bytes(message), base::as_bytes(signature));
    if (is_signer) return k->digest;
  }
  return 0;
}

bool jwt_keys::holds_secrets() const noexcept {
  return std::ranges::any_of(keys_, [](const auto& k) { return !k->secret.empty(); });
}

bool jwt_keys::has(std::uint64_t digest) const noexcept {
  return std::ranges::any_of(keys_, [digest](const auto& k) { return k->digest == digest; });
}

}  // namespace godwit::auth
