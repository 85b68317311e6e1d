#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace godwit::routing {

/// Walks an ordered set of topics (`topic_order`) for those that match a filter, and says how to
/// skip what cannot match: from each topic either to the next one or to a key ahead of it. A '+'
/// costs one skip per value of its level, a '#' none. The filter is checked and outlives the scan.
class filter_scan {
 public:
  explicit filter_scan(std::string_view filter) noexcept : filter_{filter} {}

  enum class verdict : unsigned char {
    match,     ///< It matches; go on with the topic behind it.
    skip,      ///< Go on with the first topic that is not before `key()`.
    complete,  ///< Neither it nor any topic behind it matches.
  };
  /// Compares one topic. One pass over it; allocates only to lengthen the key.
  [[nodiscard]] verdict visit(std::string_view topic);

  /// Where to begin: no matching topic is before it.
  [[nodiscard]] std::string_view first_key();
  /// After `skip`: beyond the topic just visited, not beyond any later match.
  [[nodiscard]] const std::string& key() const noexcept { return key_; }

 private:
  verdict skip_to_literals(std::string_view topic_prefix, std::size_t filter_at);
  verdict skip_behind(std::string_view topic, std::size_t wildcard_end);

  std::string_view filter_;
  std::string key_;
};

}  // namespace godwit::routing
