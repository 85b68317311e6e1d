#include "base64.hpp"
#include "crypto.hpp"
#include "kept_credentials.hpp"
#include "peer_text.hpp"

#include <godwit/auth/gatekeeper.hpp>
#include <godwit/auth/scram.hpp>
#include <godwit/base/assert.hpp>

namespace godwit::auth {
namespace {

using mqtt::reason_code;

exchange::step refused(const char* why, reason_code code = reason_code::not_authorized) {
  return {.end = {.code = code, .why = why, .tried = voucher::scram}};
}

base::bytes bytes_of(std::string_view text) {
  const base::bytes_view all = base::as_bytes(text);
  return {all.begin(), all.end()};
}

}  // namespace

/// One SCRAM login: the client's first message and its final one. An unknown user gets as far as a
/// known one, with a salt of his own, and fails in the same place.
class gatekeeper::scram_login final : public exchange {
 public:
  scram_login(gatekeeper& gate, const credentials& c)
      : gate_{gate}, judged_by_{gate.security_}, asked_{c} {}

  [[nodiscard]] step take(base::bytes_view data, base::moment now) override {
    asked_.started = now;
    const std::string_view message = base::as_text(data);
    return user_.empty() ? begin(message) : finish(message);
  }

 private:
  step begin(std::string_view message) {
    auto user = server_.begin(message);
    if (!user) return refused(user.error().why);
    if (!is_user_name(*user)) return refused("a name that no password file can hold");
    if (asked_.user_name && *asked_.user_name != *user) {
      return refused("the names of CONNECT and of SCRAM differ");
    }
    if (!gate_.throttle_.admits(address_of(asked_.peer), *user, asked_.started.steady)) {
      return refused("too many wrong passwords", reason_code::server_unavailable);
    }
    user_ = *std::move(user);
    const password_file& users = *judged_by_->passwords;
    base::bytes salt;
    scram_verifier keys = users.stand_in_for_scram(user_, salt);
    if (const auto* const found = users.find(user_)) {
      if (const auto known = found->hash.scram()) {
        entry_ = &found->hash;
        keys = *known;
      }
    }
    return {.is = state::goes_on, .data = bytes_of(server_.challenge(keys, gate_.make_nonce()))};
  }

  step finish(std::string_view message) {
    const auto proof = server_.finish(message);
    if (!proof || entry_ == nullptr) {
      gate_.throttle_.count_failure(address_of(asked_.peer), user_, asked_.started.steady);
      return refused(proof ? wrong_proof : proof.error().why);
    }
    identity_parts parts;
    parts.user_name = user_;
    parts.vouched_by = voucher::scram;
    parts.proof = gate_.proof_of(*entry_);
    step out{.end = gate_.let_in_late(*judged_by_, std::move(parts), asked_.view(), "SCRAM",
                                      wrong_proof)};
    out.end.tried = voucher::scram;
    if (out.end.code == reason_code::success) {
      out.end.data = bytes_of(*proof);
    } else {
      out.end.code = reason_code::not_authorized;
    }
    return out;
  }

  static constexpr const char* wrong_proof = "a wrong SCRAM proof";

  gatekeeper& gate_;
  std::shared_ptr<const security> judged_by_;
  kept_credentials asked_;
  scram_server server_;
  std::string user_;                      ///< once it is known
  const password_hash* entry_ = nullptr;  ///< of `judged_by_`; null: the answer is no
};

std::unique_ptr<exchange> gatekeeper::begin_exchange(const credentials& c,
                                                     std::string_view method) {
  const login_methods* const how = security_->find(c.listener);
  if (how == nullptr || !how->scram || method != scram_method) return nullptr;
  GODWIT_ASSERT(security_->passwords.has_value());
  return std::make_unique<scram_login>(*this, c);
}

/// Never the same again: the key is of this process, and no other shard has this number.
std::string gatekeeper::make_nonce() {
  const std::string number = std::to_string(place_.shard) + "/" + std::to_string(++nonces_made_);
  return encode_base64(hmac_sha256(nonce_key_, base::as_bytes(number)));
}

}  // namespace godwit::auth
