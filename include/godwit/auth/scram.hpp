#pragma once

#include <godwit/base/bytes.hpp>
#include <godwit/base/result.hpp>

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

/// SCRAM-SHA-256 as a server speaks it: its messages and its sums. [RFC 5802] [RFC 7677]

namespace godwit::auth {

/// As clients name it in the Authentication Method.
inline constexpr std::string_view scram_method = "SCRAM-SHA-256";
/// Of new entries. A client repeats its sum so often at each login.
inline constexpr std::uint32_t scram_iterations = 20'000;
/// Fewer are refused. [RFC 7677 4]
inline constexpr std::uint32_t scram_iterations_min = 4'096;
/// Longer messages of a client are refused unseen.
inline constexpr std::size_t scram_message_bytes_max = 4'096;

/// What a server keeps of a user. Nobody can log in with it, but who has it can try passwords.
struct scram_keys {
  base::bytes stored;  ///< 32 bytes, like the next
  base::bytes server;
};
/// Is it printable ASCII? With other letters clients differ in what they make of it. [RFC 5802 5.1]
[[nodiscard]] bool is_scram_password(std::string_view password) noexcept;
/// Takes milliseconds.
[[nodiscard]] scram_keys make_scram_keys(base::bytes_view password, base::bytes_view salt,
                                         std::uint32_t iterations);

/// A user's entry, borrowed.
struct scram_verifier {
  std::uint32_t iterations = 0;
  base::bytes_view salt;
  base::bytes_view stored_key;
  base::bytes_view server_key;
};

/// Why an exchange ends without a login, for the log; a literal.
struct scram_refusal {
  const char* why = "";
};

/// One exchange: `begin`, `challenge`, `finish`. Each reads or writes one message; after a refusal
/// it is over. Holds no secret but the verifier that it borrows until its end.
class scram_server {
 public:
  /// Reads the client's first message; returns the name in it. No channel binding. A name that asks
  /// to act for another one is refused.
  [[nodiscard]] base::result<std::string, scram_refusal> begin(std::string_view client_first);
  /// The server's first message. `nonce`: printable, without ',', never the same again.
  [[nodiscard]] std::string challenge(const scram_verifier& keys, std::string_view nonce);
  /// Reads the client's final message; returns the server's, which proves that it knows the user.
  [[nodiscard]] base::result<std::string, scram_refusal> finish(std::string_view client_final);

 private:
  scram_verifier keys_;
  std::string header_;     ///< "n,,": what the final message must repeat
  std::string nonce_;      ///< the client's, then both
  std::string auth_text_;  ///< AuthMessage, as far as it is known
};

}  // namespace godwit::auth
