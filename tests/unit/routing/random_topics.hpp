#pragma once

#include <godwit/base/random.hpp>

#include <array>
#include <string>

namespace godwit::routing::test {

/// Topics and filters over so few levels that they meet often; with empty levels, '$', bytes on
/// both sides of '/', and one level that does not fit into a node.
class random_topics {
 public:
  explicit random_topics(std::uint64_t seed) : random_{seed} {}

  [[nodiscard]] base::prng& random() noexcept { return random_; }

  [[nodiscard]] std::string topic() {
    std::string text = level();
    for (std::uint64_t more = random_.below(4); more > 0; --more) text += '/' + level();
    return text.empty() ? "/" : text;
  }

  [[nodiscard]] std::string filter() {
    std::string text = random_.chance(1, 5) ? "+" : level();
    for (std::uint64_t more = random_.below(4); more > 0; --more) {
      text += '/';
      text += random_.chance(1, 4) ? "+" : level();
    }
    if (random_.chance(1, 5)) text = random_.chance(1, 8) ? "#" : text + "/#";
    return text.empty() ? "/" : text;
  }

 private:
  [[nodiscard]] std::string level() {
    static constexpr std::array<const char*, 9> levels = {
        "a", "b", "c", "", "$a", "\x01", "a.b", "zz", "a level of more than fifteen bytes"};
    return levels[random_.below(levels.size())];
  }

  base::prng random_;
};

}  // namespace godwit::routing::test
