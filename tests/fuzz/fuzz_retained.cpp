#include "require.hpp"
#include "support/naive_topics.hpp"
#include "unit/routing/messages.hpp"

#include <godwit/base/bytes.hpp>
#include <godwit/routing/retained_index.hpp>

#include <algorithm>
#include <map>
#include <set>
#include <string>

namespace godwit::fuzz {
namespace {

using outcome = routing::retained_index::outcome;

/// The index and a list of what must be in it, moved by the same input.
class pair_of_indexes {
 public:
  explicit pair_of_indexes(base::bytes_view input) : rest_{input} {}

  void run() {
    while (!rest_.empty()) {
      const std::size_t code = byte();
      switch (code & 7U) {
        case 0:
        case 1:
        case 2:
          set(code >> 3U);
          break;
        case 3:
          erase();
          break;
        case 4:
          forget(code >> 3U);
          break;
        default:
          walk(code >> 3U);
      }
    }
    check_sums();
    for (const auto& [topic, _] : model_) index_.erase(topic);
    FUZZ_REQUIRE(index_.size() == 0 && index_.content_size() == 0);
    index_.forget_cleared_below(~std::uint64_t{0});
    FUZZ_REQUIRE(index_.node_count() == 0);
  }

 private:
  struct entry {
    std::uint64_t version = 0;
    std::string payload{};  ///< empty: cleared, only the version is known
  };

  std::size_t byte() {
    if (rest_.empty()) return 0;
    const auto b = std::to_integer<std::size_t>(rest_[0]);
    rest_ = rest_.subspan(1);
    return b;
  }
  /// One byte is one character, of those that mean something.
  std::string text(std::string_view alphabet) {
    std::string out;
    for (std::size_t n = byte() % 16; n != 0; --n) out += alphabet[byte() % alphabet.size()];
    return out;
  }

  void set(std::size_t how) {
    const std::string topic = text("ab/$c");
    if (topic.empty()) return;
    // Versions go up, but not in order.
    const std::uint64_t version = ++clock_ + (how & 7U) * 3;
    const std::string payload(how >> 3U, 'p');
    entry& known = model_[topic];
    const bool present = !known.payload.empty();
    const outcome expected = known.version > version ? outcome::older
                             : payload.empty() ? (present ? outcome::cleared : outcome::absent)
                                               : (present ? outcome::replaced : outcome::stored);
    FUZZ_REQUIRE(index_.set(routing::test::retained(topic, version, payload)) == expected);
    if (expected != outcome::older) known = {version, payload};
  }

  void erase() {
    const std::string topic = text("ab/$c");
    if (topic.empty()) return;
    const auto known = model_.find(topic);
    const bool present = known != model_.end() && !known->second.payload.empty();
    FUZZ_REQUIRE(index_.erase(topic) == present);
    if (present) model_.erase(known);
  }

  void forget(std::size_t how) {
    const std::uint64_t below = clock_ + 1 - std::min<std::uint64_t>(clock_, how);
    index_.forget_cleared_below(below);
    std::erase_if(model_, [&](const auto& one) {
      return one.second.payload.empty() && one.second.version < below;
    });
  }

  void walk(std::size_t how) {
    const std::string filter = text("ab/$+#");
    if (!test::naive_filter_ok(filter)) return;
    const std::size_t count_max = 1 + (how & 3U);
    const std::size_t bytes_max = 1 + (how >> 2U) * 20;
    std::set<std::string> seen;
    std::optional<std::string> after;
    do {
      auto page = index_.match(filter, after, count_max, bytes_max);
      FUZZ_REQUIRE(page.messages.size() <= count_max);
      for (const auto& m : page.messages) {
        const std::string topic{m->topic()};
        FUZZ_REQUIRE(seen.insert(topic).second);
        FUZZ_REQUIRE(model_.contains(topic) && model_[topic].version == m->retain_version());
      }
      after = std::move(page.next);
    } while (after);
    for (const auto& [topic, one] : model_) {
      const bool wanted = !one.payload.empty() && test::naive_matches(filter, topic);
      FUZZ_REQUIRE(seen.contains(topic) == wanted);
      const auto found = index_.find(topic);
      FUZZ_REQUIRE(static_cast<bool>(found) == !one.payload.empty());
    }
  }

  void check_sums() const {
    std::size_t size = 0;
    std::size_t bytes = 0;
    for (const auto& [topic, one] : model_) {
      if (one.payload.empty()) continue;
      ++size;
      bytes += topic.size() + one.payload.size();
    }
    FUZZ_REQUIRE(index_.size() == size);
    FUZZ_REQUIRE(index_.content_size() == bytes);
  }

  base::bytes_view rest_;
  routing::retained_index index_;
  std::map<std::string, entry> model_;
  std::uint64_t clock_ = 0;
};

}  // namespace

void fuzz_retained(base::bytes_view input);

/// The input is a short program: set, clear, erase, forget, walk. The index agrees with a list.
void fuzz_retained(base::bytes_view input) {
  pair_of_indexes{input}.run();
}

}  // namespace godwit::fuzz
