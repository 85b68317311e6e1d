#include <godwit/auth/topic_pattern.hpp>
#include <godwit/mqtt/topic.hpp>
#include <godwit/mqtt/utf8.hpp>

#include <algorithm>

namespace godwit::auth {
namespace {

using unusable = topic_pattern::unusable;

/// Takes the levels of a topic, filter or pattern one by one.
class levels {
 public:
  explicit levels(std::string_view text) noexcept : rest_{text} {}
  [[nodiscard]] bool at_end() const noexcept { return is_done_; }
  [[nodiscard]] std::string_view rest() const noexcept { return is_done_ ? "" : rest_; }
  std::string_view next() noexcept {
    const auto slash = rest_.find('/');
    const std::string_view level = rest_.substr(0, slash);
    if (slash == std::string_view::npos) {
      is_done_ = true;
    } else {
      rest_.remove_prefix(slash + 1);
    }
    return level;
  }

 private:
  std::string_view rest_;
  bool is_done_ = false;
};

enum class fit : std::uint8_t { no, yes, every_level };

/// Where "%u" or "%c" stands.
std::size_t find_placeholder(std::string_view text) noexcept {
  auto at = text.find('%');
  while (at != std::string_view::npos) {
    const char letter = at + 1 < text.size() ? text[at + 1] : '\0';
    if (letter == 'u' || letter == 'c') return at;
    at = text.find('%', at + 1);
  }
  return at;
}

/// How a pattern's level, with its names put in, stands to a literal level.
fit fit_level(std::string_view pattern, std::string_view level, const pattern_names& names,
              bool substitutes, unusable how) noexcept {
  if (pattern == "+") return fit::every_level;
  if (!substitutes) return pattern == level ? fit::yes : fit::no;
  bool is_equal = true;
  const auto take = [&](std::string_view piece) {
    is_equal = is_equal && level.starts_with(piece);
    if (is_equal) level.remove_prefix(piece.size());
  };
  while (!pattern.empty()) {
    const auto mark = find_placeholder(pattern);
    take(pattern.substr(0, mark));
    if (mark == std::string_view::npos) break;
    const auto name = names.find(pattern[mark + 1]);
    if (!name) return how == unusable::fits_everything ? fit::every_level : fit::no;
    take(*name);
    pattern.remove_prefix(mark + 2);
  }
  return is_equal && level.empty() ? fit::yes : fit::no;
}

}  // namespace

bool is_usable_in_pattern(std::string_view name) noexcept {
  return !name.empty() && name.front() != '$' && std::ranges::none_of(name, [](char c) {
    return c == '/' || c == '+' || c == '#' || c == '\0';
  });
}

base::result<topic_pattern, std::string> topic_pattern::parse(std::string_view text,
                                                              placeholders how) {
  if (const auto sound = mqtt::check_topic_filter(text); !sound) return sound.error().what;
  if (!mqtt::is_valid_utf8(text)) return "is not UTF-8";
  topic_pattern p;
  p.text_ = text;
  p.substitutes_ =
      how == placeholders::substituted && find_placeholder(text) != std::string_view::npos;
  return p;
}

bool topic_pattern::matches(std::string_view topic, const pattern_names& names,
                            unusable how) const noexcept {
  // A topic name has no wildcards, so it is the filter that matches itself alone.
  return covers(topic, names, how);
}

bool topic_pattern::covers(std::string_view filter, const pattern_names& names,
                           unusable how) const noexcept {
  levels mine{text_};
  levels theirs{filter};
  // Wildcards at the start do not reach topics that begin with '$'. [v311 MQTT-4.7.2-1]
  bool hides_dollar = filter.starts_with('$');
  for (bool is_first = true; !mine.at_end(); is_first = false) {
    const std::string_view pattern = mine.next();
    if (pattern == "#") return !hides_dollar;
    if (theirs.at_end()) return false;
    const std::string_view level = theirs.next();
    const fit f = fit_level(pattern, level, names, substitutes_, how);
    // A topic has one level at least, so "+/#" is all of "#".
    if (level == "#") return is_first && f == fit::every_level && mine.rest() == "#";
    if (f == fit::no || (f == fit::every_level && hides_dollar)) return false;
    hides_dollar = false;
  }
  return theirs.at_end();
}

}  // namespace godwit::auth
