#include "broker_tree.hpp"

#include <godwit/auth/rule_set.hpp>

#include <algorithm>
#include <span>

namespace godwit::auth {
namespace {

bool name_fits(std::string_view wanted, std::string_view name) noexcept {
  if (name.empty()) return false;
  if (wanted.ends_with('*')) return name.starts_with(wanted.substr(0, wanted.size() - 1));
  return wanted == name;
}

bool any_fits(const std::vector<std::string>& wanted, std::string_view name) noexcept {
  return std::ranges::any_of(wanted, [name](const auto& w) { return name_fits(w, name); });
}

bool is_in(const std::vector<topic_pattern>& granted, std::string_view topic,
           const pattern_names& names) noexcept {
  return std::ranges::any_of(granted, [&](const topic_pattern& p) {
    return p.covers(topic, names, topic_pattern::unusable::fits_nothing);
  });
}

bool reads(action what) noexcept {
  return what == action::subscribe || what == action::receive;
}

constexpr const char* granted_rule = "built-in: the login's own list of topics";

}  // namespace

struct rule_set::question {
  const principal& who;
  std::string_view client_id;
  std::string_view topic;  ///< or filter
  pattern_names names;
  bool is_granted = false;  ///< by the login itself: what no rule denies is allowed
};

std::optional<decision> check_granted(const principal& who, std::string_view client_id, action what,
                                      std::string_view topic) noexcept {
  const rare_facts* const facts = who.facts();
  if (facts == nullptr || !facts->grants) return std::nullopt;
  const bool is_in_list = is_in(reads(what) ? facts->grants->subscribe : facts->grants->publish,
                                topic, {who.user_name(), client_id});
  return is_in_list ? std::nullopt : std::optional{refused_by(granted_rule)};
}

decision rule_set::check(const principal& who, std::string_view client_id, action what,
                         std::string_view topic) const noexcept {
  if (!reads(what) && is_of_the_broker(topic)) {
    return refused_by(broker_tree_rule);
  }
  if (const auto own = check_granted(who, client_id, what, topic)) return *own;
  const question q{who, client_id, topic,
                   has_names_ ? pattern_names{who.user_name(), client_id} : pattern_names{},
                   who.facts() != nullptr && who.facts()->grants != nullptr};
  switch (what) {
    case action::subscribe:
    case action::receive:
      return ask(q, deed::subscribe);
    case action::publish:
      return ask(q, deed::publish);
    case action::publish_retain:
    case action::will:
    case action::will_retain:
      break;
  }
  decision d = ask(q, deed::publish);
  const auto also = [&](deed needed) {
    if (!d.allowed) return;
    const decision more = ask(q, needed);
    const mqtt::qos lower = std::min(d.quality_max, more.quality_max);
    d = more;
    d.quality_max = lower;
  };
  if (what != action::publish_retain) also(deed::will);
  if (what != action::will) also(deed::retain);
  return d;
}

decision rule_set::ask(const question& q, deed what) const noexcept {
  if (const rule* const r = find(q, what)) {
    return {r->decides == effect::allow, r->quality_max, r->origin.c_str()};
  }
  if (q.is_granted) return {true, mqtt::qos::exactly_once, granted_rule};
  return refused_by(no_rule_.c_str());
}

/// The first rule that fits, among those that name this user and those for all, in the file's
/// order. Of somebody whose name is not known every rule may be meant.
const rule_set::rule* rule_set::find(const question& q, deed what) const noexcept {
  const auto decides = [&](const rule& r) {
    return (r.deeds & static_cast<std::uint8_t>(what)) != 0 && fits(r, q);
  };
  if (q.who.known() == knowledge::nothing) {
    const auto found = std::ranges::find_if(rules_, decides);
    return found == rules_.end() ? nullptr : &*found;
  }
  std::span<const std::uint32_t> own;
  if (const auto found = by_user_.find(q.who.user_name()); found != by_user_.end()) {
    own = found->second;
  }
  std::span<const std::uint32_t> others{for_all_};
  while (!own.empty() || !others.empty()) {
    const bool takes_own = others.empty() || (!own.empty() && own.front() < others.front());
    auto& from = takes_own ? own : others;
    const rule& r = rules_[from.front()];
    from = from.subspan(1);
    if (decides(r)) return &r;
  }
  return nullptr;
}

bool rule_set::fits(const rule& r, const question& q) const noexcept {
  const bool allows = r.decides == effect::allow;
  const auto how =
      allows ? topic_pattern::unusable::fits_nothing : topic_pattern::unusable::fits_everything;
  const bool topic_fits =
      r.topics.empty() || std::ranges::any_of(r.topics, [&](const topic_pattern& p) {
        return p.covers(q.topic, q.names, how);
      });
  if (!topic_fits) return false;
  switch (who_fits(r, q)) {
    case holds::no:
      return false;
    case holds::yes:
      return true;
    case holds::unknown:
      return allows;
  }
  return false;
}

/// `unknown` only if nothing that is known speaks against it.
rule_set::holds rule_set::who_fits(const rule& r, const question& q) const noexcept {
  const knowledge known = q.who.known();
  const std::string_view user = q.who.user_name();
  holds all = holds::yes;
  const auto need = [&](bool is_known, bool fits_now) {
    if (fits_now) return true;
    if (is_known) return false;
    all = holds::unknown;
    return true;
  };
  const bool knows_name = known != knowledge::nothing;
  if (r.anonymous_only && !need(knows_name, knows_name && user.empty())) return holds::no;
  if (!r.users.empty() && !need(knows_name, any_fits(r.users, user))) return holds::no;
  if (!r.has_who) return all;
  if (!r.client_ids.empty() && !any_fits(r.client_ids, q.client_id)) return holds::no;
  const bool knows_rest = known == knowledge::all;
  if (!r.groups.empty() && !need(knows_rest, is_in_group(q, r.groups))) return holds::no;
  const rare_facts* const f = q.who.facts();
  if (!r.listeners.empty() && !need(knows_rest, f != nullptr && any_fits(r.listeners, f->listener)))
    return holds::no;
  if (!r.addresses.empty()) {
    const bool is_inside =
        f != nullptr && f->address && std::ranges::any_of(r.addresses, [&](const base::network& n) {
          return n.contains(*f->address);
        });
    if (!need(knows_rest, is_inside)) return holds::no;
  }
  const certificate* const c = f != nullptr && f->certificate ? &*f->certificate : nullptr;
  if (!r.common_names.empty() &&
      !need(knows_rest, c != nullptr && any_fits(r.common_names, c->common_name))) {
    return holds::no;
  }
  if (!r.subjects.empty() && !need(knows_rest, c != nullptr && any_fits(r.subjects, c->subject))) {
    return holds::no;
  }
  if (!r.alt_names.empty()) {
    const bool has_one =
        c != nullptr && std::ranges::any_of(c->subject_alt_names, [&](const auto& n) {
          return any_fits(r.alt_names, n);
        });
    if (!need(knows_rest, has_one)) return holds::no;
  }
  return all;
}

bool rule_set::is_in_group(const question& q,
                           const std::vector<std::string>& groups) const noexcept {
  const rare_facts* const f = q.who.facts();
  return std::ranges::any_of(groups, [&](const std::string& name) {
    if (f != nullptr && std::ranges::find(f->groups, name) != f->groups.end()) return true;
    const auto found = groups_.find(name);
    return found != groups_.end() && !q.who.user_name().empty() &&
           found->second.contains(q.who.user_name());
  });
}

}  // namespace godwit::auth
