#include "crypto.hpp"
#include "kept_credentials.hpp"
#include "peer_text.hpp"

#include <godwit/auth/gatekeeper.hpp>
#include <godwit/base/assert.hpp>
#include <godwit/base/wipe.hpp>
#include <godwit/mqtt/utf8.hpp>

#include <algorithm>
#include <cstring>

namespace godwit::auth {
namespace {

using mqtt::reason_code;

verdict refused(const char* why, reason_code code = reason_code::bad_user_name_or_password) {
  return {.code = code, .who = principal{}, .why = why};
}

/// For the counters: whatever the verdict is, it was asked for in this way.
std::function<void(verdict)> trying(voucher how, std::function<void(verdict)> done) {
  return [how, done = std::move(done)](verdict v) {
    v.tried = how;
    done(std::move(v));
  };
}

constexpr const char* wrong_password = "unknown user or wrong password";

std::string_view name_in(const certificate& c, certificate_user which) noexcept {
  switch (which) {
    case certificate_user::none:
      break;
    case certificate_user::common_name:
      return c.common_name;
    case certificate_user::subject:
      return c.subject;
    case certificate_user::alt_name:
      return c.subject_alt_names.empty() ? std::string_view{}
                                         : std::string_view{c.subject_alt_names.front()};
  }
  return {};
}

base::hash_seed seed_from(base::bytes_view secret) {
  base::hash_seed seed;
  GODWIT_ASSERT(secret.size() >= 32);
  std::memcpy(&seed, secret.data() + 16, sizeof seed);
  return seed;
}

login_throttle::options throttle_options(const login_options& o) noexcept {
  return {.failures_free = o.failures_free, .failure_interval = o.failure_interval};
}

}  // namespace

const login_methods* security::find(std::string_view listener) const noexcept {
  const auto found = std::ranges::find(listeners, listener, &listener_policy::name);
  return found == listeners.end() ? nullptr : &found->ways;
}

/// A login whose password is being computed.
struct gatekeeper::attempt {
  std::shared_ptr<const security> judged_by;
  const password_hash* entry = nullptr;  ///< of `judged_by`
  bool is_user = false;                  ///< false: a stand-in, and the answer is no
  std::string user;
  base::bytes password;
  kept_credentials asked;
  bool is_right = false;
  std::function<void(verdict)> done;

  explicit attempt(const credentials& c)
      : user{*c.user_name}, password{c.password->begin(), c.password->end()}, asked{c} {}
  attempt(const attempt&) = delete;
  attempt& operator=(const attempt&) = delete;
  ~attempt() { base::wipe(password); }
};

gatekeeper::gatekeeper(std::shared_ptr<const security> now, workshop& slow_work,
                       workshop& waiting_work, base::bytes secret, place where)
    : security_{std::move(now)},
      workshop_{slow_work},
      remote_workshop_{waiting_work},
      seed_{seed_from(secret)},
      place_{where},
      nonce_key_{hmac_sha256(secret, base::as_bytes("SCRAM"))},
      cache_{secret, security_->login.cache_entries / where.shards},
      remote_cache_{std::move(secret), security_->login.cache_entries / where.shards},
      throttle_{throttle_options(security_->login), seed_} {}

void gatekeeper::adopt(std::shared_ptr<const security> fresh) {
  security_ = std::move(fresh);
  throttle_.set(throttle_options(security_->login));
  remote_cache_.clear();
}

void gatekeeper::authenticate(const credentials& c, std::function<void(verdict)> done) {
  const login_methods* const how = security_->find(c.listener);
  if (how == nullptr) {
    done(refused("the listener has no way to log in", reason_code::not_authorized));
    return;
  }
  if (how->is_open()) {
    done({.code = reason_code::success, .who = anonymous(c), .why = "anonymous"});
    return;
  }
  if (how->certificate && c.certificate != nullptr) {
    done = trying(voucher::certificate, std::move(done));
    identity_parts parts;
    parts.user_name = name_in(*c.certificate, security_->login.certificate_user);
    parts.vouched_by = voucher::certificate;
    // Battery 95: no name with control characters becomes an identity.
    done(is_user_name(parts.user_name) ? let_in(std::move(parts), c, "certificate")
                                       : refused("the certificate has no name that can be used"));
    return;
  }
  if (!c.user_name && !c.password) {
    done(how->anonymous
             ? verdict{.code = reason_code::success, .who = anonymous(c), .why = "anonymous"}
             : refused("no user name and no password"));
    return;
  }
  const std::string_view password = c.password ? base::as_text(*c.password) : std::string_view{};
  if (how->jwt && looks_like_jwt(password)) {
    ask_keys(c, trying(voucher::jwt, std::move(done)));
    return;
  }
  // A user who is in the file is the file's.
  const bool is_remote = how->http && c.user_name &&
                         !(how->password && security_->passwords->find(*c.user_name) != nullptr);
  done = trying(is_remote ? voucher::http : voucher::password, std::move(done));
  if (!c.password) {  // battery 91
    done(refused("no password"));
    return;
  }
  if (!(how->password || how->http) || !c.user_name || c.user_name->empty() ||
      c.password->size() > password_bytes_max) {
    done(refused(wrong_password));
    return;
  }
  if (is_remote) {
    ask_remote(c, std::move(done));
  } else {
    ask_password_file(c, std::move(done));
  }
}

/// Checking signatures takes time on the shard's thread, so whoever sends bad ones is slowed, too;
/// by address, because a token's user is known only afterwards.
void gatekeeper::ask_keys(const credentials& c, std::function<void(verdict)> done) {
  const base::ip_address from = address_of(c.peer);
  const std::string_view sender = host_of(c.peer);
  if (!throttle_.admits(from, sender, c.now.steady)) {
    done(refused("too many bad tokens", reason_code::server_unavailable));
    return;
  }
  auto told = read_jwt(base::as_text(*c.password), *security_->keys, security_->login.jwt,
                       c.client_id, c.now.wall);
  if (!told) throttle_.count_failure(from, sender, c.now.steady);
  done(told ? let_in(*std::move(told), c, "token") : refused(told.error().why));
}

void gatekeeper::ask_password_file(const credentials& c, std::function<void(verdict)> done) {
  const std::string_view user = *c.user_name;
  const auto* const found = security_->passwords->find(user);
  auto a = std::make_shared<attempt>(c);
  a->judged_by = security_;
  a->is_user = found != nullptr;
  a->entry = found != nullptr ? &found->hash
                              : &security_->passwords->stand_in(base::seeded_hash(user, seed_));
  a->done = std::move(done);
  if (a->is_user && cache_.knows(user, *a->entry, a->password)) {
    a->is_right = true;
    computed(*a);
    return;
  }
  if (!throttle_.admits(address_of(c.peer), user, c.now.steady)) {
    a->done(refused("too many wrong passwords", reason_code::server_unavailable));
    return;
  }
  compute(std::move(a));
}

void gatekeeper::compute(std::shared_ptr<attempt> a) {
  if (!a->entry->is_slow()) {
    a->is_right = a->entry->matches(a->password) && a->is_user;
    computed(*a);
    return;
  }
  const bool is_taken =
      workshop_.submit([a] { a->is_right = a->entry->matches(a->password) && a->is_user; },
                       [this, a] { computed(*a); });
  if (!is_taken) a->done(refused("too many logins wait", reason_code::server_unavailable));
}

void gatekeeper::computed(attempt& a) {
  const credentials c = a.asked.view();
  if (!a.is_right) {
    throttle_.count_failure(address_of(c.peer), a.user, c.now.steady);
    a.done(refused(wrong_password));
    return;
  }
  if (a.entry->is_slow()) cache_.add(a.user, *a.entry, a.password);
  identity_parts parts;
  parts.user_name = a.user;
  parts.vouched_by = voucher::password;
  parts.proof = proof_of(*a.entry);
  a.done(let_in_late(*a.judged_by, std::move(parts), c, "password", wrong_password));
}

verdict gatekeeper::let_in(identity_parts parts, const credentials& c, const char* why) const {
  add_needed_facts(parts, c);
  return {.code = reason_code::success, .who = make_principal(std::move(parts)), .why = why};
}

verdict gatekeeper::let_in_late(const security& judged_by, identity_parts parts,
                                const credentials& c, const char* why,
                                const char* otherwise) const {
  verdict v = let_in(std::move(parts), c, why);
  if (&judged_by == security_.get()) return v;
  auto still = review(v.who, c);
  if (!still) return refused(otherwise);
  v.who = *std::move(still);
  return v;
}

principal gatekeeper::anonymous(const credentials& c) const {
  identity_parts parts;
  add_needed_facts(parts, c);
  return parts.has_facts ? make_principal(std::move(parts)) : principal{};
}

void gatekeeper::add_needed_facts(identity_parts& parts, const credentials& c) const {
  if (!security_->rules) return;
  const rule_set::needs need = security_->rules->needed();
  if (need.address) parts.facts.address = address_of(c.peer);
  if (need.listener) parts.facts.listener = c.listener;
  if (c.certificate != nullptr) parts.facts.certificate = *c.certificate;
  if (need.address || need.listener || c.certificate != nullptr) parts.has_facts = true;
}

std::optional<principal> gatekeeper::review(const principal& who, const credentials& c) const {
  const login_methods* const how = security_->find(c.listener);
  if (how == nullptr) return std::nullopt;
  const identity* const known = who.who();
  const voucher by = known != nullptr ? known->vouched_by : voucher::nobody;
  switch (by) {
    case voucher::nobody:
      if (!how->is_open() && !how->anonymous) return std::nullopt;
      return anonymous(c);
    case voucher::password:
    case voucher::scram: {
      const bool is_offered = by == voucher::scram ? how->scram : how->password;
      const auto* const entry = is_offered ? security_->passwords->find(who.user_name()) : nullptr;
      if (entry == nullptr || proof_of(entry->hash) != known->proof) return std::nullopt;
      break;
    }
    case voucher::certificate:
      if (!how->certificate || c.certificate == nullptr ||
          name_in(*c.certificate, security_->login.certificate_user) != who.user_name()) {
        return std::nullopt;
      }
      break;
    case voucher::jwt:
      if (!how->jwt || !security_->keys->has(known->proof) || known->expires <= c.now.wall) {
        return std::nullopt;
      }
      break;
    case voucher::http:
      if (!how->http || known->expires <= c.now.wall) return std::nullopt;
      break;
  }
  identity_parts parts = parts_of(who);
  add_needed_facts(parts, c);
  return make_principal(std::move(parts));
}

decision gatekeeper::check(const principal& who, std::string_view client_id, action what,
                           std::string_view topic) const noexcept {
  if (security_->rules) return security_->rules->check(who, client_id, what, topic);
  if (const auto own = check_granted(who, client_id, what, topic)) return *own;
  return open_.check(who, client_id, what, topic);
}

}  // namespace godwit::auth
