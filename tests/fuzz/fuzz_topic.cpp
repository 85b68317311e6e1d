#include "require.hpp"
#include "support/naive_topics.hpp"

#include <godwit/base/bytes.hpp>
#include <godwit/mqtt/topic.hpp>

#include <algorithm>
#include <string>

namespace godwit::fuzz {
namespace {

bool naive_name_ok(std::string_view topic) {
  return !topic.empty() && topic.size() <= 65'535 &&
         topic.find_first_of("#+") == std::string_view::npos;
}

/// "$share/group/filter", taken apart level by level.
bool naive_shared_ok(std::string_view filter) {
  const auto levels = test::split_levels(filter);
  if (levels.size() < 3 || levels[1].empty()) return false;
  if (levels[1].find_first_of("#+") != std::string_view::npos) return false;
  const std::size_t head = levels[0].size() + levels[1].size() + 2;
  return test::naive_filter_ok(filter.substr(head));
}

void check_shared(std::string_view filter) {
  const auto parts = mqtt::parse_topic_filter(filter);
  if (!filter.starts_with("$share/")) {
    FUZZ_REQUIRE(parts.has_value() == test::naive_filter_ok(filter));
    return;
  }
  FUZZ_REQUIRE(parts.has_value() == naive_shared_ok(filter));
  if (!parts) return;
  FUZZ_REQUIRE("$share/" + std::string{parts->group} + "/" + std::string{parts->filter} == filter);
}

}  // namespace

void fuzz_topic(base::bytes_view input);

/// The input is a filter, a line break and a topic.
void fuzz_topic(base::bytes_view input) {
  const std::string text{base::as_text(input)};
  const std::size_t end = std::min(text.find('\n'), text.size());
  const std::string filter = text.substr(0, end);
  const std::string topic = text.substr(std::min(end + 1, text.size()));

  const bool filter_ok = mqtt::check_topic_filter(filter).has_value();
  FUZZ_REQUIRE(filter_ok == test::naive_filter_ok(filter));
  const bool topic_ok = mqtt::check_topic_name(topic).has_value();
  FUZZ_REQUIRE(topic_ok == naive_name_ok(topic));
  check_shared(filter);
  if (topic_ok) FUZZ_REQUIRE(mqtt::topic_levels(topic) == test::split_levels(topic).size());
  if (filter_ok && topic_ok) {
    FUZZ_REQUIRE(mqtt::topic_matches(filter, topic) == test::naive_matches(filter, topic));
  }
}

}  // namespace godwit::fuzz
