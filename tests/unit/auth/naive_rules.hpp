#pragma once

#include <godwit/auth/authorizer.hpp>
#include <godwit/auth/rule_options.hpp>

#include <bitset>
#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace godwit::auth::test {

/// The rules once more, slow and obvious: a filter or pattern is the set of topics of a small world
/// that it matches, one filter is within another if its set is. Nothing is shared with the engine.
class naive_rules {
 public:
  static constexpr std::size_t topics = 425;
  using topic_set = std::bitset<topics>;

  naive_rules();

  struct asker {
    std::string user;
    std::string client_id;
    std::vector<std::string> groups;
  };
  struct answer {
    bool allowed = false;
    std::size_t line = 0;  ///< 0: no rule
  };
  [[nodiscard]] answer ask(const std::vector<rule_options>& rules, const asker& who, action what,
                           const std::string& topic);
  /// Every topic of the world: up to four levels, one word of them in no filter.
  [[nodiscard]] const std::vector<std::string>& world() const { return world_; }

 private:
  using words = std::vector<std::string>;
  [[nodiscard]] answer first(const std::vector<rule_options>& rules, const asker& who, deed needed,
                             const std::string& topic);
  [[nodiscard]] static bool is_meant(const rule_options& r, const asker& who);
  [[nodiscard]] static words expand(const std::string& pattern, const asker& who, bool denies,
                                    bool& fits_nothing);
  [[nodiscard]] const topic_set& set_of(const words& filter);

  std::vector<std::string> world_;
  std::vector<words> split_world_;
  std::map<words, topic_set> known_;
};

}  // namespace godwit::auth::test
