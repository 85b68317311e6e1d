#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace godwit::kill_loop {

/// What must not happen.
enum class finding : std::uint8_t {
  message_lost,   ///< acknowledged, and never arrived
  session_lost,   ///< acknowledged, and not present
  retained_lost,  ///< acknowledged, and another or nothing is there
  will_lost,      ///< of a cut connection whose CONNACK came
  duplicated,     ///< QoS 2 twice, or QoS 1 again without DUP and without a reason
  out_of_order,
  misrouted,             ///< without a subscription
  corrupted,             ///< topic, payload or QoS not as published
  session_revived,       ///< deleted, acknowledged, and present again
  subscription_revived,  ///< removed, acknowledged, and in force again
  will_twice,
  will_withdrawn,  ///< published although DISCONNECT took it back
  refused,         ///< CONNACK or SUBACK says no
  bad_protocol,    ///< a packet that has no place
  unbalanced,      ///< the broker's own books do not add up
  not_drained,     ///< the broker does not come to rest
  bad_exit,        ///< the daemon ended by itself, badly, or with a sanitizer's report
  count_           // keep last
};

[[nodiscard]] std::string_view name(finding f);

/// Collects them; the first few of each kind are told on standard error as they come.
class findings {
 public:
  enum class told : std::uint8_t { no, yes };

  explicit findings(told aloud) : aloud_{aloud} {}

  void add(finding f, const std::string& text);

  [[nodiscard]] std::uint64_t count(finding f) const {
    return counts_[static_cast<std::size_t>(f)];
  }
  /// Messages, sessions, retained messages and wills that were acknowledged and are gone.
  [[nodiscard]] std::uint64_t losses() const;
  [[nodiscard]] std::uint64_t total() const;
  /// "message_lost 3, duplicated 1", or "none".
  [[nodiscard]] std::string summary() const;

 private:
  std::array<std::uint64_t, static_cast<std::size_t>(finding::count_)> counts_{};
  told aloud_;
};

}  // namespace godwit::kill_loop
