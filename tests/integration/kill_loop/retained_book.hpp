#pragma once

#include "books.hpp"

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace godwit::kill_loop {

/// What each topic's retained message may be. A topic has one publisher, so its messages take
/// effect in the order in which they were first sent, and those not acknowledged yet may or may not
/// have been carried out.
class retained_book {
 public:
  void on_sent(std::uint32_t topic, message_id m, bool clears);
  void on_acked(std::uint32_t topic, message_id m);

  /// What must be true of a topic from now on: the last acknowledged one, or one sent later.
  struct floor {
    std::optional<message_id> last_acked{};
  };
  [[nodiscard]] std::map<std::uint32_t, floor> floors() const;

  /// Is this an answer that a subscriber who asked at `at_least` may get? No value: nothing there.
  [[nodiscard]] bool is_right(std::uint32_t topic, const floor& at_least,
                              std::optional<message_id> value) const;
  /// Must something be there?
  [[nodiscard]] bool must_exist(std::uint32_t topic, const floor& at_least) const;

  /// Forgets what was overwritten. No answer may be awaited.
  void forget_superseded();

  [[nodiscard]] std::size_t topics() const { return entries_.size(); }

 private:
  struct entry {
    message_id id = 0;
    bool clears = false;
  };
  struct history {
    std::vector<entry> sent;
    std::optional<message_id> last_acked;
  };

  std::map<std::uint32_t, history> entries_;
};

}  // namespace godwit::kill_loop
