#include "require.hpp"

#include <godwit/auth/password_hash.hpp>
#include <godwit/auth/scram.hpp>
#include <godwit/base/bytes.hpp>
#include <godwit/mqtt/utf8.hpp>

#include <openssl/evp.h>
#include <openssl/hmac.h>

#include <array>
#include <string>

namespace godwit::fuzz {

void fuzz_scram(base::bytes_view input);

namespace {

using digest = std::array<unsigned char, 32>;

const unsigned char* raw(std::string_view text) {
  return reinterpret_cast<const unsigned char*>(text.data());
}

std::string base64(const unsigned char* bytes, std::size_t size) {
  std::string out(4 * (size / 3 + 1) + 1, '\0');
  out.resize(static_cast<std::size_t>(EVP_EncodeBlock(reinterpret_cast<unsigned char*>(out.data()),
                                                      bytes, static_cast<int>(size))));
  return out;
}

/// A user whose client key is known here.
struct user {
  digest client_key{7, 7, 7};
  digest stored_key{};
  digest server_key{9};
  user() {
    EVP_Digest(client_key.data(), client_key.size(), stored_key.data(), nullptr, EVP_sha256(),
               nullptr);
  }
  [[nodiscard]] auth::scram_verifier keys() const {
    return {4'096, std::as_bytes(std::span{server_key}).first(16),
            std::as_bytes(std::span{stored_key}), std::as_bytes(std::span{server_key})};
  }
  [[nodiscard]] std::string proof(const std::string& text) const {
    digest mac{};
    HMAC(EVP_sha256(), stored_key.data(), static_cast<int>(stored_key.size()), raw(text),
         text.size(), mac.data(), nullptr);
    for (std::size_t i = 0; i < mac.size(); ++i) mac[i] ^= client_key[i];
    return base64(mac.data(), mac.size());
  }
};

}  // namespace

/// The input is a client's first message, a line end and its final one, or what stands between
/// nonce and proof. No final message has the right proof but the one that is computed here.
void fuzz_scram(base::bytes_view input) {
  static const user known;
  const std::string text{base::as_text(input)};
  static_cast<void>(auth::password_hash::parse("$scram-sha-256$" + text));
  const std::string first = text.substr(0, text.find('\n'));
  const std::string rest = first.size() == text.size() ? "" : text.substr(first.size() + 1);
  auth::scram_server server;
  const auto name = server.begin(first);
  if (!name) return;
  FUZZ_REQUIRE(mqtt::is_valid_utf8(*name));
  const std::string challenge = server.challenge(known.keys(), "nonce");
  FUZZ_REQUIRE(challenge.ends_with(",i=4096"));
  auth::scram_server other = server;
  FUZZ_REQUIRE(!other.finish(rest));
  const auto bare_at = first.find(',', first.find(',') + 1) + 1;
  const std::string binding = base64(raw(first), bare_at);
  std::string final = "c=" + binding + "," + challenge.substr(0, challenge.find(",s="));
  if (!rest.empty()) final += "," + rest;
  const std::string proof = known.proof(first.substr(bare_at) + "," + challenge + "," + final);
  const bool fits = final.size() + 3 + proof.size() <= auth::scram_message_bytes_max;
  FUZZ_REQUIRE(server.finish(final + ",p=" + proof).has_value() == fits);
}

}  // namespace godwit::fuzz
