#pragma once

#include "bench/wire.hpp"

#include <cstdint>
#include <limits>
#include <string>
#include <string_view>
#include <vector>

namespace godwit::kill_loop {

using bench::clean_session;

/// Moments in the order in which this process saw or did things.
using stamp = std::uint64_t;
inline constexpr stamp never = std::numeric_limits<stamp>::max();

/// Does the topic filter match? The naive way; "$share/group/" in front is skipped.
[[nodiscard]] bool matches(std::string_view filter, std::string_view topic);

/// One filter of one session. From the SUBSCRIBE on it may exist, from the SUBACK on it does.
struct subscription {
  std::string filter;
  std::uint8_t qos = 1;
  stamp asked = never;
  stamp certain = never;  ///< SUBACK; never again after UNSUBSCRIBE was sent
  stamp gone = never;     ///< UNSUBACK

  [[nodiscard]] bool is_shared() const { return filter.starts_with("$share/"); }
};

/// What a client may know of its own session. Says nothing about messages.
class session_book {
 public:
  enum class existence : std::uint8_t { no, yes, unknown };
  enum class verdict : std::uint8_t { right, lost, revived };
  enum class present_flag : std::uint8_t { clear, set, not_told };  ///< MQTT 3.1 has none

  void on_connect_sent(clean_session clean);
  /// The CONNECT was not answered, and may have been carried out.
  void on_unanswered(clean_session clean);
  /// After `lost`, and after any CONNACK of a clean session, there are no subscriptions any more.
  [[nodiscard]] verdict on_connack(clean_session clean, present_flag present);

  void on_subscribe_sent(const std::string& filter, std::uint8_t qos, stamp now);
  void on_suback(std::string_view filter, stamp now);
  void on_unsubscribe_sent(std::string_view filter);
  void on_unsuback(std::string_view filter, stamp now);

  [[nodiscard]] existence exists() const { return exists_; }
  /// Those of this session, ended ones included.
  [[nodiscard]] const std::vector<subscription>& subscriptions() const { return subscriptions_; }
  /// The one that is not ended, or nullptr.
  [[nodiscard]] const subscription* find(std::string_view filter) const;

 private:
  [[nodiscard]] subscription* find_mine(std::string_view filter);

  existence exists_ = existence::no;
  std::vector<subscription> subscriptions_;
};

}  // namespace godwit::kill_loop
