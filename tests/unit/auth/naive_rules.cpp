#include "naive_rules.hpp"

#include <algorithm>

namespace godwit::auth::test {
namespace {

std::vector<std::string> split(const std::string& text) {
  std::vector<std::string> out(1);
  for (const char c : text) {
    if (c == '/') {
      out.emplace_back();
    } else {
      out.back() += c;
    }
  }
  return out;
}

bool match(const std::vector<std::string>& filter, std::size_t f,
           const std::vector<std::string>& topic, std::size_t t) {
  if (f == filter.size()) return t == topic.size();
  const bool hidden = t == 0 && topic[0][0] == '$';
  if (filter[f] == "#") return !hidden;
  if (t == topic.size()) return false;
  const bool one = filter[f] == "+" ? !hidden : filter[f] == topic[t];
  return one && match(filter, f + 1, topic, t + 1);
}

bool is_called(const std::vector<std::string>& wanted, const std::string& name) {
  return std::any_of(wanted.begin(), wanted.end(), [&](const std::string& w) {
    if (name.empty()) return false;
    if (w.back() == '*') return name.compare(0, w.size() - 1, w, 0, w.size() - 1) == 0;
    return w == name;
  });
}

}  // namespace

naive_rules::naive_rules() {
  std::vector<std::string> level{"a", "b", "ann", "z", "$s"};
  for (int depth = 0; depth < 4; ++depth) {
    world_.insert(world_.end(), level.begin(), level.end());
    std::vector<std::string> longer;
    for (const std::string& head : level) {
      for (const char* word : {"a", "b", "ann", "z"}) longer.push_back(head + "/" + word);
    }
    level = longer;
  }
  for (const std::string& t : world_) split_world_.push_back(split(t));
}

naive_rules::answer naive_rules::ask(const std::vector<rule_options>& rules, const asker& who,
                                     action what, const std::string& topic) {
  std::vector<deed> needed;
  switch (what) {
    case action::subscribe:
    case action::receive:
      needed = {deed::subscribe};
      break;
    case action::publish:
      needed = {deed::publish};
      break;
    case action::publish_retain:
      needed = {deed::publish, deed::retain};
      break;
    case action::will:
      needed = {deed::publish, deed::will};
      break;
    case action::will_retain:
      needed = {deed::publish, deed::will, deed::retain};
      break;
  }
  answer last;
  for (const deed d : needed) {
    last = first(rules, who, d, topic);
    if (!last.allowed) return last;
  }
  return last;
}

naive_rules::answer naive_rules::first(const std::vector<rule_options>& rules, const asker& who,
                                       deed needed, const std::string& topic) {
  for (const rule_options& r : rules) {
    if ((r.deeds & static_cast<unsigned>(needed)) == 0 || !is_meant(r, who)) continue;
    bool fits = r.topics.empty();
    for (const std::string& pattern : r.topics) {
      bool nothing = false;
      const words filter = expand(pattern, who, r.decides == effect::deny, nothing);
      if (nothing) continue;
      const topic_set& mine = set_of(filter);
      const topic_set& theirs = set_of(split(topic));
      fits = fits || (theirs & ~mine).none();
    }
    if (fits) return {r.decides == effect::allow, r.line};
  }
  return {};
}

bool naive_rules::is_meant(const rule_options& r, const asker& who) {
  if (r.anonymous_only && !who.user.empty()) return false;
  if (!r.users.empty() && !is_called(r.users, who.user)) return false;
  if (!r.client_ids.empty() && !is_called(r.client_ids, who.client_id)) return false;
  if (r.groups.empty()) return true;
  return std::any_of(who.groups.begin(), who.groups.end(), [&](const std::string& g) {
    return std::find(r.groups.begin(), r.groups.end(), g) != r.groups.end();
  });
}

naive_rules::words naive_rules::expand(const std::string& pattern, const asker& who, bool denies,
                                       bool& fits_nothing) {
  words out = split(pattern);
  for (std::string& level : out) {
    for (const auto& [mark, name] :
         {std::pair<std::string, std::string>{"%u", who.user}, {"%c", who.client_id}}) {
      const auto at = level.find(mark);
      if (at == std::string::npos) continue;
      const bool usable =
          !name.empty() && name[0] != '$' && std::none_of(name.begin(), name.end(), [](char c) {
            return c == '+' || c == '#' || c == '/' || c == '\0';
          });
      if (!usable && !denies) fits_nothing = true;
      level = usable ? level.substr(0, at) + name + level.substr(at + 2) : "+";
    }
  }
  return out;
}

const naive_rules::topic_set& naive_rules::set_of(const words& filter) {
  const auto [at, is_new] = known_.try_emplace(filter);
  if (is_new) {
    for (std::size_t i = 0; i < split_world_.size(); ++i) {
      at->second[i] = match(filter, 0, split_world_[i], 0);
    }
  }
  return at->second;
}

}  // namespace godwit::auth::test
