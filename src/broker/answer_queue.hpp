#pragma once

#include <godwit/base/bytes.hpp>
#include <godwit/base/ring.hpp>
#include <godwit/broker/mail.hpp>
#include <godwit/mqtt/reason_code.hpp>
#include <godwit/mqtt/types.hpp>

#include <memory>
#include <string_view>
#include <utility>

namespace godwit::broker {

/// A PUBREC for a repeated PUBLISH waits for what the first one waits for, which may have come on
/// an earlier connection of the session.
inline constexpr pending_id first_publish = ~pending_id{0};

/// What few answers have.
struct answer_details {
  base::bytes codes;           ///< SUBACK, UNSUBACK
  base::bytes properties;      ///< CONNACK
  const char* what = nullptr;  ///< Reason String of a failure; a literal
};

/// One answer of the broker to one client. Small, because every connection keeps room for some.
struct answer {
  mqtt::packet_type type = mqtt::packet_type::puback;
  mqtt::packet_id id{};
  std::uint8_t code = 0;  ///< return or reason code; not of SUBACK and UNSUBACK, which have many
  bool session_present = false;
  pending_id waits_for = 0;  ///< 0 = may leave
  std::unique_ptr<answer_details> details{};

  [[nodiscard]] answer_details& detail() {
    if (!details) details = std::make_unique<answer_details>();
    return *details;
  }
  [[nodiscard]] base::bytes_view codes() const noexcept {
    return details ? base::bytes_view{details->codes} : base::bytes_view{};
  }
  [[nodiscard]] base::bytes_view properties() const noexcept {
    return details ? base::bytes_view{details->properties} : base::bytes_view{};
  }
  /// The Reason String, empty for none.
  [[nodiscard]] std::string_view what() const noexcept {
    return details && details->what != nullptr ? std::string_view{details->what}
                                               : std::string_view{};
  }
};

/// The answers of one connection in the order of what they answer; each leaves when it and all
/// before it are ready. [v311 MQTT-4.6.0-2] [v311 MQTT-4.6.0-3]
class answer_queue {
 public:
  void push(answer a) { answers_.push_back(std::move(a)); }
  /// What waited for `id` may leave.
  void ready(pending_id id, mqtt::reason_code code = mqtt::reason_code::success) noexcept {
    for (std::uint32_t i = 0; i < answers_.size(); ++i) {
      if (answers_[i].waits_for != id) continue;
      answers_[i].waits_for = 0;
      if (code != mqtt::reason_code::success) answers_[i].code = static_cast<std::uint8_t>(code);
    }
  }
  /// The same for answers to repetitions of a QoS 2 PUBLISH whose first one is still on its way.
  void ready_repeated(mqtt::packet_id id) noexcept {
    for (std::uint32_t i = 0; i < answers_.size(); ++i) {
      answer& a = answers_[i];
      if (a.id == id && a.waits_for == first_publish) a.waits_for = 0;
    }
  }
  /// Calls `send(answer&)` for all that may leave now.
  template <class F>
  void drain(F&& send) {
    while (!answers_.empty() && answers_.front().waits_for == 0) {
      send(answers_.front());
      answers_.pop_front();
    }
    if (answers_.empty() && answers_.capacity() > 16) answers_.clear();
  }
  [[nodiscard]] std::uint32_t size() const noexcept { return answers_.size(); }
  [[nodiscard]] bool empty() const noexcept { return answers_.empty(); }
  /// Heap bytes, without what few answers have.
  [[nodiscard]] std::size_t memory_size() const noexcept { return answers_.allocated_bytes(); }

 private:
  base::ring<answer> answers_;
};

}  // namespace godwit::broker
