#pragma once

#include <godwit/auth/authenticator.hpp>
#include <godwit/auth/authorizer.hpp>
#include <godwit/auth/login_cache.hpp>
#include <godwit/auth/login_throttle.hpp>
#include <godwit/auth/remote_cache.hpp>
#include <godwit/auth/security.hpp>
#include <godwit/auth/workshop.hpp>

#include <memory>

namespace godwit::auth {

/// Decides on one shard who may come in and what they may do. Everything on the shard's thread.
///
/// A login: an open listener lets everybody in. Else the certificate is asked, if the listener
/// takes certificates; then a password that looks like a token; then the password file; then the
/// remote service. The first that knows the client decides. A client that asks for SCRAM is asked
/// nothing else. Refusals for a wrong password and for an unknown user are alike, in code and in
/// time.
class gatekeeper final : public authenticator, public authorizer {
 public:
  /// Which one of how many shards; they share the size of the cache.
  struct place {
    std::size_t shard = 0;
    std::size_t shards = 1;
  };
  /// `secret`: 32 random bytes of this process, the same on all shards.
  gatekeeper(std::shared_ptr<const security> now, workshop& slow_work, workshop& waiting_work,
             base::bytes secret, place where);

  void authenticate(const credentials& c, std::function<void(verdict)> done) override;
  [[nodiscard]] std::unique_ptr<exchange> begin_exchange(const credentials& c,
                                                         std::string_view method) override;
  [[nodiscard]] std::optional<principal> review(const principal& who,
                                                const credentials& c) const override;
  [[nodiscard]] decision check(const principal& who, std::string_view client_id, action what,
                               std::string_view topic) const noexcept override;
  [[nodiscard]] bool limits_receivers() const noexcept override {
    return security_->rules || !security_->login.jwt.acl_claim.empty();
  }

  /// From now on this decides. Logins under way are judged by it when they come to their end.
  void adopt(std::shared_ptr<const security> fresh);

 private:
  struct attempt;
  void ask_keys(const credentials& c, std::function<void(verdict)> done);
  void ask_password_file(const credentials& c, std::function<void(verdict)> done);
  struct inquiry;
  void ask_remote(const credentials& c, std::function<void(verdict)> done);
  void answered(inquiry& a);
  class scram_login;
  [[nodiscard]] std::string make_nonce();
  /// Of an entry's text, so that a changed entry has another.
  [[nodiscard]] std::uint64_t proof_of(const password_hash& entry) const noexcept {
    return base::seeded_hash(entry.text(), seed_);
  }
  void compute(std::shared_ptr<attempt> a);
  void computed(attempt& a);
  [[nodiscard]] verdict let_in(identity_parts parts, const credentials& c, const char* why) const;
  /// The same for a login that took a while: what decides may have changed since `judged_by`. What
  /// is not good any more gets `otherwise`.
  [[nodiscard]] verdict let_in_late(const security& judged_by, identity_parts parts,
                                    const credentials& c, const char* why,
                                    const char* otherwise) const;
  [[nodiscard]] principal anonymous(const credentials& c) const;
  void add_needed_facts(identity_parts& parts, const credentials& c) const;

  std::shared_ptr<const security> security_;
  workshop& workshop_;
  workshop& remote_workshop_;
  base::hash_seed seed_;
  place place_;
  base::bytes nonce_key_;
  std::uint64_t nonces_made_ = 0;
  login_cache cache_;
  remote_cache remote_cache_;
  login_throttle throttle_;
  open_authorizer open_;
};

}  // namespace godwit::auth
