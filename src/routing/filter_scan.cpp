#include "filter_scan.hpp"

#include "topic_order.hpp"

namespace godwit::routing {

namespace {

constexpr std::size_t npos = std::string_view::npos;

[[nodiscard]] std::size_t level_end(std::string_view text, std::size_t begin) noexcept {
  const std::size_t end = text.find('/', begin);
  return end == npos ? text.size() : end;
}

// Levels of the filter from `begin` that every match must have as they stand, without the separator
// in front of a wildcard.
[[nodiscard]] std::string_view literal_run(std::string_view filter, std::size_t begin) noexcept {
  const std::size_t wildcard = filter.find_first_of("+#", begin);
  if (wildcard == npos) return filter.substr(begin);
  return filter.substr(begin, wildcard > begin ? wildcard - begin - 1 : 0);
}

}  // namespace

std::string_view filter_scan::first_key() {
  key_ = literal_run(filter_, 0);
  return key_;
}

filter_scan::verdict filter_scan::visit(std::string_view topic) {
  std::size_t f = 0;                // where a level of the filter begins
  std::size_t t = 0;                // and the same level of the topic
  std::size_t wildcard_end = npos;  // end of the topic's last level that a '+' stands for
  for (;;) {
    const char kind = f < filter_.size() ? filter_[f] : '\0';
    if ((kind == '+' || kind == '#') && f == 0 && topic.starts_with('$')) {
      // Not for wildcards in the first level [v311 MQTT-4.7.2-1]: behind all that begin with '$'.
      key_ = '$' + 1;
      return verdict::skip;
    }
    if (kind == '#') return verdict::match;

    const std::size_t f_end = level_end(filter_, f);
    const std::size_t t_end = level_end(topic, t);
    if (kind == '+') {
      wildcard_end = t_end;
    } else {
      const std::string_view wanted = filter_.substr(f, f_end - f);
      const std::string_view level = topic.substr(t, t_end - t);
      if (level != wanted) {
        if (topic_order::less(level, wanted)) return skip_to_literals(topic.substr(0, t), f);
        return skip_behind(topic, wildcard_end);
      }
    }

    const bool filter_ends = f_end == filter_.size();
    const bool topic_ends = t_end == topic.size();
    if (filter_ends) return topic_ends ? verdict::match : skip_behind(topic, wildcard_end);
    if (topic_ends) {
      // '#' matches its parent level, too. [v311 MQTT-4.7.1-2]
      if (filter_.substr(f_end) == "/#") return verdict::match;
      key_ = topic;
      key_ += '/';
      key_ += literal_run(filter_, f_end + 1);
      return verdict::skip;
    }
    f = f_end + 1;
    t = t_end + 1;
  }
}

filter_scan::verdict filter_scan::skip_to_literals(std::string_view topic_prefix,
                                                   std::size_t filter_at) {
  key_ = topic_prefix;
  key_ += literal_run(filter_, filter_at);
  return verdict::skip;
}

// Nothing more below this value of the last '+' level: on to its next value.
filter_scan::verdict filter_scan::skip_behind(std::string_view topic, std::size_t wildcard_end) {
  if (wildcard_end == npos) return verdict::complete;
  key_ = topic.substr(0, wildcard_end);
  key_ += topic_order::after_separator;
  return verdict::skip;
}

}  // namespace godwit::routing
