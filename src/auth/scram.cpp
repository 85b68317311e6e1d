#include "base64.hpp"
#include "crypto.hpp"

#include <godwit/auth/scram.hpp>
#include <godwit/base/assert.hpp>
#include <godwit/base/wipe.hpp>
#include <godwit/mqtt/utf8.hpp>

#include <algorithm>
#include <optional>

namespace godwit::auth {
namespace {

constexpr std::size_t key_size = 32;

/// Takes the text before the next comma, which goes, too; without one all that is left.
std::string_view take_part(std::string_view& rest) {
  const auto end = rest.find(',');
  const std::string_view part = rest.substr(0, end);
  rest.remove_prefix(end == std::string_view::npos ? rest.size() : end + 1);
  return part;
}

/// "=2C" and "=3D" stand for a comma and an equals sign; nothing: another '=', or no text.
std::optional<std::string> read_name(std::string_view text) {
  std::string out;
  while (!text.empty()) {
    const auto at = std::min(text.find('='), text.size());
    out += text.substr(0, at);
    text.remove_prefix(at);
    if (text.empty()) break;
    if (!text.starts_with("=2C") && !text.starts_with("=3D")) return std::nullopt;
    out += text[1] == '2' ? ',' : '=';
    text.remove_prefix(3);
  }
  if (!mqtt::is_valid_utf8(out)) return std::nullopt;
  return out;
}

bool is_nonce(std::string_view text) {
  return !text.empty() &&
         std::ranges::all_of(text, [](char c) { return c > 0x20 && c < 0x7f && c != ','; });
}

base::bytes keyed(base::bytes_view key, std::string_view text) {
  return hmac_sha256(key, base::as_bytes(text));
}

}  // namespace

bool is_scram_password(std::string_view password) noexcept {
  return std::ranges::all_of(password, [](char c) { return c >= 0x20 && c < 0x7f; });
}

scram_keys make_scram_keys(base::bytes_view password, base::bytes_view salt,
                           std::uint32_t iterations) {
  base::bytes salted = pbkdf2_sha256(password, salt, iterations);
  base::bytes client = keyed(salted, "Client Key");
  scram_keys out{sha256(client), keyed(salted, "Server Key")};
  base::wipe(salted);
  base::wipe(client);
  return out;
}

base::result<std::string, scram_refusal> scram_server::begin(std::string_view client_first) {
  if (client_first.size() > scram_message_bytes_max) {
    return scram_refusal{"a SCRAM message that is too long"};
  }
  std::string_view rest = client_first;
  const std::string_view binding = take_part(rest);
  if (binding.starts_with("p=")) return scram_refusal{"SCRAM with a channel binding"};
  if (binding != "n" && binding != "y") return scram_refusal{"no SCRAM message"};
  const std::string_view other = take_part(rest);
  const std::string_view bare = rest;
  const std::string_view name = take_part(rest);
  if (!name.starts_with("n=")) return scram_refusal{"a SCRAM message without a name"};
  auto user = read_name(name.substr(2));
  if (!user) return scram_refusal{"a SCRAM message with a name that is no text"};
  // Nobody acts for another one here. [RFC 5802 5.1]
  if (!other.empty() && other != std::string{"a="}.append(name.substr(2))) {
    return scram_refusal{"a SCRAM message for another user"};
  }
  const std::string_view nonce = take_part(rest);
  if (!nonce.starts_with("r=") || !is_nonce(nonce.substr(2))) {
    return scram_refusal{"a SCRAM message without a nonce"};
  }
  header_ = client_first.substr(0, client_first.size() - bare.size());
  nonce_ = nonce.substr(2);
  auth_text_ = bare;
  return *std::move(user);
}

std::string scram_server::challenge(const scram_verifier& keys, std::string_view nonce) {
  GODWIT_ASSERT(is_nonce(nonce) && !nonce_.empty());
  keys_ = keys;
  nonce_ += nonce;
  const std::string out =
      "r=" + nonce_ + ",s=" + encode_base64(keys.salt) + ",i=" + std::to_string(keys.iterations);
  auth_text_ += "," + out;
  return out;
}

base::result<std::string, scram_refusal> scram_server::finish(std::string_view client_final) {
  GODWIT_ASSERT(keys_.stored_key.size() == key_size && keys_.server_key.size() == key_size);
  if (client_final.size() > scram_message_bytes_max) {
    return scram_refusal{"a SCRAM message that is too long"};
  }
  const auto end = client_final.rfind(",p=");
  if (end == std::string_view::npos) return scram_refusal{"a SCRAM message without a proof"};
  const std::string_view without_proof = client_final.substr(0, end);
  std::string_view rest = without_proof;
  if (take_part(rest) != "c=" + encode_base64(base::as_bytes(header_))) {
    return scram_refusal{"a SCRAM message with another channel binding"};
  }
  if (take_part(rest) != "r=" + nonce_) {
    return scram_refusal{"a SCRAM message with another nonce"};
  }
  const auto proof = decode_base64(client_final.substr(end + 3));
  if (!proof || proof->size() != key_size) {
    return scram_refusal{"a SCRAM message with a proof that is none"};
  }
  auth_text_ += ",";
  auth_text_ += without_proof;
  base::bytes client_key = keyed(keys_.stored_key, auth_text_);
  std::ranges::transform(client_key, *proof, client_key.begin(), std::bit_xor{});
  const bool is_right = is_same(sha256(client_key), keys_.stored_key);
  base::wipe(client_key);
  if (!is_right) return scram_refusal{"a wrong SCRAM proof"};
  return "v=" + encode_base64(keyed(keys_.server_key, auth_text_));
}

}  // namespace godwit::auth
