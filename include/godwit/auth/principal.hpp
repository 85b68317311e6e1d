#pragma once

#include <godwit/base/clock.hpp>
#include <godwit/base/network.hpp>
#include <godwit/base/ref.hpp>

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace godwit::auth {

class topic_pattern;

/// What a client's certificate says, once the listener has verified it. Text as in the certificate,
/// valid UTF-8 without control characters.
struct certificate {
  std::string common_name;  ///< the only CN of the subject; empty: none, or several
  std::string subject;      ///< the whole name, as RFC 2253 writes it: "CN=a,O=b"
  std::vector<std::string> subject_alt_names;  ///< DNS names, mail addresses, URIs
};

/// Who vouched for a login. Kept in memory only.
enum class voucher : std::uint8_t { nobody, password, certificate, jwt, http, scram };

/// Topics that a login brings along (a claim of its token), besides the rules of the broker: it
/// may do nothing else.
struct granted_topics {
  std::vector<topic_pattern> publish;
  std::vector<topic_pattern> subscribe;
};

/// What few logins have, or few rules ask for.
struct rare_facts {
  std::vector<std::string> groups;  ///< named by the login itself; rule files name others
  std::optional<auth::certificate> certificate;
  std::optional<base::ip_address> address;  ///< only if rules ask for it
  std::string listener;                     ///< likewise
  std::unique_ptr<const granted_topics> grants;

  rare_facts();
  rare_facts(rare_facts&&) noexcept;
  rare_facts& operator=(rare_facts&&) noexcept;
  ~rare_facts();
};

/// How much of a client is known.
enum class knowledge : std::uint8_t {
  all,
  name_only,  ///< a session found in the store: the rest comes with its client
  nothing,    ///< a will found in the store, of a session that was not
};

/// Everything known about one login. Immutable and shared: sessions and mail point to it.
struct identity : base::ref_counted<identity> {
  std::string user_name;
  std::unique_ptr<const rare_facts> facts;  ///< null: none
  base::wall_time expires = base::wall_time::max();
  std::uint64_t proof = 0;  ///< digest of what proved the name; another one: log in again
  voucher vouched_by = voucher::nobody;
  knowledge known = knowledge::all;

  static void destroy(const identity* who) noexcept { delete who; }
};

/// Who a connection is, once authenticated. Two connections with the same user name are the same
/// user; the empty name is the anonymous user. One pointer; the anonymous user costs no memory.
class principal {
 public:
  /// The anonymous user.
  principal() noexcept = default;
  explicit principal(base::ref<const identity> who) noexcept : who_{std::move(who)} {}
  /// A user of whom only this is known. The empty name makes the anonymous user.
  explicit principal(std::string_view user_name, knowledge known = knowledge::all);

  [[nodiscard]] std::string_view user_name() const noexcept {
    return who_ ? std::string_view{who_->user_name} : std::string_view{};
  }
  [[nodiscard]] knowledge known() const noexcept { return who_ ? who_->known : knowledge::all; }
  /// When the login ends by itself; `wall_time::max()`: never.
  [[nodiscard]] base::wall_time expires() const noexcept {
    return who_ ? who_->expires : base::wall_time::max();
  }
  /// Null for an anonymous user of whom nothing is known.
  [[nodiscard]] const identity* who() const noexcept { return who_.get(); }
  [[nodiscard]] const rare_facts* facts() const noexcept {
    return who_ ? who_->facts.get() : nullptr;
  }

  friend bool operator==(const principal& a, const principal& b) noexcept {
    return a.user_name() == b.user_name();
  }

 private:
  base::ref<const identity> who_;
};

/// What an identity is made of, before it is shared.
struct identity_parts {
  std::string user_name;
  rare_facts facts;
  bool has_facts = false;
  base::wall_time expires = base::wall_time::max();
  std::uint64_t proof = 0;
  voucher vouched_by = voucher::nobody;
};
[[nodiscard]] principal make_principal(identity_parts parts);
/// A copy to make a slightly different one of.
[[nodiscard]] identity_parts parts_of(const principal& who);

}  // namespace godwit::auth
