#pragma once

#include <godwit/base/clock.hpp>
#include <godwit/base/ref.hpp>
#include <godwit/mqtt/packets.hpp>
#include <godwit/mqtt/types.hpp>

#include <cstdint>
#include <optional>
#include <string_view>

namespace godwit::mqtt {

/// Names one application message in receipts, mail and the store; unique over restarts, never 0.
/// The numbers of two messages say nothing about their order.
using message_number = base::strong<std::uint64_t, struct message_number_tag>;

/// What is said about a message when it is made; all views are copied.
struct message_fields {
  message_number number{};
  std::string_view topic{};
  bytes_view payload{};
  bytes_view
      properties{};  ///< Forwardable PUBLISH properties, already encoded (MQTT 5), no length.
  qos quality = qos::at_most_once;
  bool retain = false;               ///< The flag as published.
  std::uint64_t retain_version = 0;  ///< Order among retained messages of the broker; 0 = not one.
  base::wall_time arrival{};
  std::optional<std::uint32_t> expiry_s{};  ///< Message Expiry Interval as published.
  /// Hash of the publisher's client id, for No Local on retained messages; 0 = does not matter.
  std::uint64_t publisher = 0;
  /// Its client id and user name, to judge its rights to a retained message again; no client id:
  /// not known. At most 65,535 bytes each.
  std::string_view publisher_id{};
  std::string_view publisher_user{};

  /// Waited longer than it may. [v5 MQTT-3.3.2-5]
  [[nodiscard]] bool is_expired(base::wall_time now) const noexcept {
    return expiry_s && arrival + std::chrono::seconds{*expiry_s} <= now;
  }
};

/// An application message that outlives the turn it came in: immutable, shared by every queue and
/// shard that holds it, one allocation with its bytes behind it. Thread-safe.
class message final : public base::ref_counted<message> {
 public:
  [[nodiscard]] static base::ref<const message> make(const message_fields& fields);
  static void destroy(const message* m) noexcept;
  /// Bytes of all messages of the process, as the allocator counts them. Any thread.
  [[nodiscard]] static std::uint64_t bytes_in_memory() noexcept;

  [[nodiscard]] message_number number() const noexcept { return number_; }
  [[nodiscard]] std::string_view topic() const noexcept {
    return {reinterpret_cast<const char*>(bytes()), topic_size_};
  }
  [[nodiscard]] bytes_view properties() const noexcept {
    return {bytes() + topic_size_, properties_size_};
  }
  [[nodiscard]] bytes_view payload() const noexcept {
    return {bytes() + topic_size_ + properties_size_, payload_size_};
  }
  [[nodiscard]] qos quality() const noexcept { return quality_; }
  [[nodiscard]] bool retain() const noexcept { return retain_; }
  [[nodiscard]] std::uint64_t retain_version() const noexcept { return retain_version_; }
  [[nodiscard]] base::wall_time arrival() const noexcept { return arrival_; }
  [[nodiscard]] std::optional<std::uint32_t> expiry_s() const noexcept {
    if (!has_expiry_) return std::nullopt;
    return expiry_s_;
  }
  [[nodiscard]] std::uint64_t publisher() const noexcept { return publisher_; }
  [[nodiscard]] std::string_view publisher_id() const noexcept {
    return {reinterpret_cast<const char*>(bytes()) + content_size(), publisher_id_size_};
  }
  [[nodiscard]] std::string_view publisher_user() const noexcept {
    return {reinterpret_cast<const char*>(bytes()) + content_size() + publisher_id_size_,
            publisher_user_size_};
  }
  [[nodiscard]] bool is_expired(base::wall_time now) const noexcept {
    return has_expiry_ && arrival_ + std::chrono::seconds{expiry_s_} <= now;
  }
  /// Everything that was said when it was made; the views live as long as the message.
  [[nodiscard]] message_fields fields() const noexcept;
  /// Whole allocation in bytes, for budgets.
  [[nodiscard]] std::size_t memory_size() const noexcept {
    return sizeof(message) + content_size() + publisher_id_size_ + publisher_user_size_;
  }
  /// Topic, properties and payload: what limits on queues count.
  [[nodiscard]] std::size_t content_size() const noexcept {
    return std::size_t{topic_size_} + properties_size_ + payload_size_;
  }

 private:
  explicit message(const message_fields& fields) noexcept;
  ~message() = default;
  [[nodiscard]] const std::byte* bytes() const noexcept {
    return reinterpret_cast<const std::byte*>(this + 1);
  }

  message_number number_;
  std::uint64_t retain_version_;
  base::wall_time arrival_;
  std::uint64_t publisher_;
  std::uint32_t expiry_s_;
  std::uint32_t topic_size_;
  std::uint32_t properties_size_;
  std::uint32_t payload_size_;
  std::uint16_t publisher_id_size_;
  std::uint16_t publisher_user_size_;
  qos quality_;
  bool retain_;
  bool has_expiry_;
};

}  // namespace godwit::mqtt
