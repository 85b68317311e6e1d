#include <godwit/auth/mosquitto_acl.hpp>
#include <godwit/base/escape.hpp>

#include <algorithm>
#include <optional>

namespace godwit::auth {
namespace {

constexpr std::string_view blank = " \t\r";

std::string_view trim(std::string_view text) {
  const auto first = text.find_first_not_of(blank);
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(blank) - first + 1);
}

/// The first word of `rest`, which loses it.
std::string_view take_word(std::string_view& rest) {
  const auto end = rest.find_first_of(blank);
  const std::string_view word = rest.substr(0, end);
  rest = end == std::string_view::npos ? std::string_view{} : trim(rest.substr(end));
  return word;
}

constexpr auto reads = static_cast<std::uint8_t>(deed::subscribe);
constexpr auto writes = static_cast<std::uint8_t>(every_deed & ~reads);

/// What the word in front of a filter permits; nothing: it is no such word.
std::optional<rule_options> rule_for(std::string_view access) {
  rule_options r;
  r.decides = access == "deny" ? effect::deny : effect::allow;
  if (access == "read") {
    r.deeds = reads;
  } else if (access == "write") {
    r.deeds = writes;
  } else if (access != "readwrite" && access != "deny") {
    return std::nullopt;
  }
  return r;
}

class reader {
 public:
  void read_line(std::string_view line, std::size_t number) {
    if (line.starts_with('#')) return;
    std::string_view rest = trim(line);
    if (rest.empty()) return;
    const std::string_view word = take_word(rest);
    if (word == "user") {
      if (rest.empty()) wrong.push_back({number, "user: takes a name"});
      user_ = rest;
    } else if (word == "topic" || word == "pattern") {
      read_rule(rest, word == "pattern", number);
    } else {
      wrong.push_back(
          {number, "\"" + base::escape_for_log(word, 60) + "\" is not user, topic or pattern"});
    }
  }

  std::vector<rule_options> users;     ///< rules of users, as written
  std::vector<rule_options> patterns;  ///< rules for all
  std::vector<mistake> wrong;

 private:
  void read_rule(std::string_view rest, bool is_pattern, std::size_t number) {
    std::string_view behind = rest;
    auto r = rule_for(take_word(behind));
    // A filter may look like such a word; then nothing follows.
    const bool names_access = r && !behind.empty();
    if (!names_access) {
      r = rule_options{};
      r->decides = effect::allow;
      behind = rest;
    }
    if (behind.empty()) {
      wrong.push_back({number, "takes a filter: topic [read|write|readwrite|deny] FILTER"});
      return;
    }
    r->line = number;
    r->topics.emplace_back(behind);
    if (is_pattern) {
      patterns.push_back(std::move(*r));
      return;
    }
    r->literal_topics = true;
    if (user_) {
      r->users.emplace_back(*user_);
      if (user_->ends_with('*')) {
        wrong.push_back({number, "a user name that ends in '*' stands for many in Godwit's rules"});
      }
    } else {
      r->anonymous_only = true;
    }
    users.push_back(std::move(*r));
  }

  std::optional<std::string_view> user_;
};

}  // namespace

base::result<rule_file_options, std::vector<mistake>> parse_mosquitto_acl(std::string_view text,
                                                                          std::string_view name) {
  reader r;
  for (std::size_t number = 1; !text.empty(); ++number) {
    const auto end = text.find('\n');
    r.read_line(text.substr(0, end), number);
    text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
  }
  if (!r.wrong.empty()) return r.wrong;
  rule_file_options out;
  out.name = name;
  const auto denies = [](const rule_options& o) { return o.decides == effect::deny; };
  for (auto* const part : {&r.users, &r.patterns}) {
    std::ranges::stable_partition(*part, denies);
    std::ranges::move(*part, std::back_inserter(out.rules));
  }
  return out;
}

}  // namespace godwit::auth
