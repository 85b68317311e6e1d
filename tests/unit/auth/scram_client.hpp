#pragma once

#include <openssl/evp.h>
#include <openssl/hmac.h>

#include <cstddef>
#include <string>
#include <string_view>

/// SCRAM-SHA-256 as a client computes it, for tests; shares nothing with the server's side.

namespace godwit::auth::test {

/// What RFC 7677 shows: user "user", password "pencil".
inline const std::string scram_example =
    "$scram-sha-256$4096$W22ZaJ0SNY7soEsUEjb6gQ==$WG5d8oPm3OtcPnkdi4Uo7BkeZkBFzpcXkuLmtbsT4qY=$"
    "wfPLwcE6nTWhTAmQ7tl2KeoiWGPlZqQxSrmfPwDl2dU=";

class scram_client {
 public:
  scram_client(std::string_view user, std::string_view password, std::string header = "n,,")
      : password_{password},
        header_{std::move(header)},
        bare_{"n=" + std::string{user} + ",r=abc"} {}

  [[nodiscard]] std::string first() const { return header_ + bare_; }
  /// The final message in answer to the server's first one.
  [[nodiscard]] std::string final(const std::string& challenge) {
    const auto salt_at = challenge.find(",s=");
    const auto count_at = challenge.find(",i=");
    const std::string salt = from_base64(challenge.substr(salt_at + 3, count_at - salt_at - 3));
    const int iterations = std::stoi(challenge.substr(count_at + 3));
    std::string salted(32, '\0');
    PKCS5_PBKDF2_HMAC(password_.data(), static_cast<int>(password_.size()), bytes(salt),
                      static_cast<int>(salt.size()), iterations, EVP_sha256(), 32,
                      reinterpret_cast<unsigned char*>(salted.data()));
    const std::string key = mac(salted, "Client Key");
    const std::string without_proof =
        "c=" + to_base64(header_) + "," + challenge.substr(0, salt_at);
    const std::string text = bare_ + "," + challenge + "," + without_proof;
    std::string proof = mac(digest(key), text);
    for (std::size_t i = 0; i < proof.size(); ++i) proof[i] = static_cast<char>(proof[i] ^ key[i]);
    signature_ = "v=" + to_base64(mac(mac(salted, "Server Key"), text));
    return without_proof + ",p=" + to_base64(proof);
  }
  /// What the server must say at the end.
  [[nodiscard]] const std::string& signature() const { return signature_; }

 private:
  static const unsigned char* bytes(const std::string& s) {
    return reinterpret_cast<const unsigned char*>(s.data());
  }
  static std::string mac(const std::string& key, const std::string& text) {
    std::string out(32, '\0');
    HMAC(EVP_sha256(), key.data(), static_cast<int>(key.size()), bytes(text), text.size(),
         reinterpret_cast<unsigned char*>(out.data()), nullptr);
    return out;
  }
  static std::string digest(const std::string& text) {
    std::string out(32, '\0');
    EVP_Digest(text.data(), text.size(), reinterpret_cast<unsigned char*>(out.data()), nullptr,
               EVP_sha256(), nullptr);
    return out;
  }
  static std::string to_base64(const std::string& text) {
    std::string out(4 * ((text.size() + 2) / 3) + 1, '\0');
    out.resize(static_cast<std::size_t>(EVP_EncodeBlock(
        reinterpret_cast<unsigned char*>(out.data()), bytes(text), static_cast<int>(text.size()))));
    return out;
  }
  static std::string from_base64(const std::string& text) {
    std::string out(text.size(), '\0');
    const int size = EVP_DecodeBlock(reinterpret_cast<unsigned char*>(out.data()), bytes(text),
                                     static_cast<int>(text.size()));
    out.resize(static_cast<std::size_t>(size));
    for (auto at = text.size(); at > 0 && text[at - 1] == '='; --at) out.pop_back();
    return out;
  }

  std::string password_;
  std::string header_;
  std::string bare_;
  std::string signature_;
};

}  // namespace godwit::auth::test
