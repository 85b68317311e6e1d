#pragma once

#include <godwit/auth/authorizer.hpp>
#include <godwit/auth/mistake.hpp>
#include <godwit/auth/rule_options.hpp>
#include <godwit/auth/topic_pattern.hpp>
#include <godwit/base/result.hpp>
#include <godwit/base/seeded_hash.hpp>

#include <boost/unordered/unordered_flat_map.hpp>
#include <boost/unordered/unordered_flat_set.hpp>

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace godwit::auth {

/// What the login's own list of topics says, if it has one and that decides: "no", because only
/// what is in it is allowed.
[[nodiscard]] std::optional<decision> check_granted(const principal& who,
                                                    std::string_view client_id, action what,
                                                    std::string_view topic) noexcept;

/// The access rules of a broker, in order. The first rule that fits decides; without one nothing is
/// allowed. Immutable, shared by all shards.
///
/// What is asked, and which rules fit:
/// - publish, will and their retained kinds ask several questions (see `deed`); all must be
///   allowed, and the first "no" is the decision;
/// - a topic name fits a rule if one of its patterns matches it;
/// - a filter at SUBSCRIBE fits if one pattern matches everything the filter can match. So a filter
///   that is only partly denied is allowed if a later rule allows all of it, and what is denied is
///   kept back message by message (`receive`).
///
/// A login whose token names topics (`granted_topics`) may do nothing else; of those, what no rule
/// denies.
/// Of a client that is not fully known (`knowledge`) rules assume what allows more: it gets nothing
/// before it comes back and all is known.
class rule_set {
 public:
  /// Errors: all that is wrong, in the file's order.
  [[nodiscard]] static base::result<rule_set, std::vector<mistake>> compile(
      const rule_file_options& file);

  /// O(rules that name this user + rules that name no user). No allocation.
  [[nodiscard]] decision check(const principal& who, std::string_view client_id, action what,
                               std::string_view topic) const noexcept;

  /// Which rare facts about clients the rules ask for.
  struct needs {
    bool address = false;
    bool listener = false;
  };
  [[nodiscard]] needs needed() const noexcept { return needed_; }
  [[nodiscard]] std::size_t size() const noexcept { return rules_.size(); }

 private:
  struct rule {
    effect decides = effect::deny;
    std::uint8_t deeds = 0;
    bool anonymous_only = false;
    bool has_who = false;  ///< any condition on the client but `users`
    mqtt::qos quality_max = mqtt::qos::exactly_once;
    std::vector<std::string> users, groups, client_ids, listeners, common_names, subjects,
        alt_names;
    std::vector<base::network> addresses;
    std::vector<topic_pattern> topics;
    std::string origin;
  };
  struct question;
  enum class holds : std::uint8_t { no, yes, unknown };

  // Names of the file: who asks cannot choose what is in these tables.
  using name_set =
      boost::unordered_flat_set<std::string, base::seeded_string_hash, std::equal_to<>>;
  template <class T>
  using by_name =
      boost::unordered_flat_map<std::string, T, base::seeded_string_hash, std::equal_to<>>;

  rule_set() = default;
  void index();
  [[nodiscard]] decision ask(const question& q, deed what) const noexcept;
  [[nodiscard]] const rule* find(const question& q, deed what) const noexcept;
  [[nodiscard]] bool fits(const rule& r, const question& q) const noexcept;
  [[nodiscard]] holds who_fits(const rule& r, const question& q) const noexcept;
  [[nodiscard]] bool is_in_group(const question& q,
                                 const std::vector<std::string>& groups) const noexcept;

  std::string no_rule_;  ///< "file: no rule allows it"
  std::vector<rule> rules_;
  needs needed_;
  bool has_names_ = false;  ///< some topic has "%u" or "%c"
  // Rules by the one exact user they name; the others are candidates for everybody. Ascending.
  by_name<std::vector<std::uint32_t>> by_user_;
  std::vector<std::uint32_t> for_all_;
  by_name<name_set> groups_;
};

}  // namespace godwit::auth
