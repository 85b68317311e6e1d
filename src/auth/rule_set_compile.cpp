#include <godwit/auth/rule_set.hpp>
#include <godwit/base/escape.hpp>

#include <algorithm>

namespace godwit::auth {
namespace {

constexpr std::size_t rules_max = 1'000'000;
constexpr std::size_t name_bytes_max = 65'535;

std::string quoted(std::string_view text) {
  return "\"" + base::escape_for_log(text, 60) + "\"";
}

bool is_exact(const std::string& name) {
  return !name.ends_with('*');
}

}  // namespace

base::result<rule_set, std::vector<mistake>> rule_set::compile(const rule_file_options& file) {
  rule_set made;
  std::vector<mistake> wrong;
  made.no_rule_ = file.name + ": no rule allows it";
  if (file.rules.size() > rules_max) {
    wrong.push_back({0, "has more than " + std::to_string(rules_max) + " rules"});
    return wrong;
  }
  for (const group_options& g : file.groups) {
    if (g.name.empty()) wrong.push_back({g.line, "a group without a name"});
    const auto [at, is_new] = made.groups_.try_emplace(g.name);
    if (!is_new) wrong.push_back({g.line, "group " + quoted(g.name) + " is there already"});
    for (const std::string& user : g.users) {
      if (user.empty())
        wrong.push_back({g.line, "group " + quoted(g.name) + ": an empty user name"});
      at->second.insert(user);
    }
  }
  for (const rule_options& o : file.rules) {
    rule r{.decides = o.decides,
           .deeds = o.deeds,
           .anonymous_only = o.anonymous_only,
           .quality_max = o.quality_max,
           .users = o.users,
           .groups = o.groups,
           .client_ids = o.client_ids,
           .listeners = o.listeners,
           .common_names = o.common_names,
           .subjects = o.subjects,
           .alt_names = o.alt_names,
           .addresses = {},
           .topics = {},
           .origin = file.name + ":" + std::to_string(o.line)};
    for (const auto* names : {&r.users, &r.groups, &r.client_ids, &r.listeners, &r.common_names,
                              &r.subjects, &r.alt_names}) {
      for (const std::string& n : *names) {
        if (n.empty() || n.size() > name_bytes_max) wrong.push_back({o.line, "an empty name"});
      }
    }
    if (o.anonymous_only && !o.users.empty()) {
      wrong.push_back({o.line, "anonymous clients have no user name; leave out one of the two"});
    }
    for (const std::string& a : o.addresses) {
      const auto n = base::parse_network(a);
      if (!n) {
        wrong.push_back({o.line, "address: " + quoted(a) +
                                     " is not an IP address or a network such as 10.0.0.0/8"});
        continue;
      }
      r.addresses.push_back(*n);
    }
    const auto how = o.literal_topics ? topic_pattern::placeholders::literal
                                      : topic_pattern::placeholders::substituted;
    for (const std::string& t : o.topics) {
      auto p = topic_pattern::parse(t, how);
      if (!p) {
        wrong.push_back({o.line, "topic: " + quoted(t) + ": " + p.error()});
        continue;
      }
      made.has_names_ = made.has_names_ || p->has_names();
      r.topics.push_back(std::move(*p));
    }
    r.has_who = !(r.groups.empty() && r.client_ids.empty() && r.listeners.empty() &&
                  r.common_names.empty() && r.subjects.empty() && r.alt_names.empty() &&
                  r.addresses.empty());
    made.needed_.address = made.needed_.address || !r.addresses.empty();
    made.needed_.listener = made.needed_.listener || !r.listeners.empty();
    made.rules_.push_back(std::move(r));
  }
  if (!wrong.empty()) return wrong;
  made.index();
  return made;
}

void rule_set::index() {
  for (std::uint32_t i = 0; i < rules_.size(); ++i) {
    const rule& r = rules_[i];
    if (r.users.empty() || !std::ranges::all_of(r.users, is_exact)) {
      for_all_.push_back(i);
      continue;
    }
    for (const std::string& user : r.users) {
      auto& own = by_user_[user];
      if (own.empty() || own.back() != i) own.push_back(i);
    }
  }
}

}  // namespace godwit::auth
