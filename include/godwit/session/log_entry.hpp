#pragma once

#include <godwit/base/assert.hpp>
#include <godwit/base/checked_cast.hpp>
#include <godwit/store/store.hpp>

#include <cstdint>
#include <memory>
#include <optional>
#include <utility>

namespace godwit::session {

using store::log_position;

/// One message in a session's log, in 32 bytes, because a session may have millions: the body, or
/// only its number while the body lies in the store; and what limits and expiry ask for, so that
/// they need no body.
class log_entry {
 public:
  enum class state : std::uint8_t {
    tentative,  ///< waits for its commit
    queued,
    admitted,  ///< in the window with a packet id; QoS 2 waits for the disk
    sent,      ///< waits for PUBACK or PUBREC
    received,  ///< PUBREC came; PUBREL waits for the disk
    released,  ///< PUBREL was sent; waits for PUBCOMP
    moving,    ///< on its way to another member of its shared group
    gone,
  };

  log_entry(base::ref<const mqtt::message> m, log_position position, mqtt::qos quality)
      : log_entry{summary_of(*m), position, quality} {
    std::construct_at(&message_, std::move(m));
    facts_.has_body = 1;
  }
  /// The body lies in the store.
  log_entry(const store::message_summary& s, log_position position, mqtt::qos quality)
      : number_{s.number.value()},
        facts_{.position = position.value() & position_mask,
               .at = static_cast<std::uint8_t>(state::queued) & 7U,
               .quality = static_cast<std::uint8_t>(quality) & 3U,
               .retain = 0,
               .was_sent = 0,
               .has_body = 0,
               .on_wire = 0,
               .arrival_ms = milliseconds_of(s.arrival) & arrival_mask,
               .id = 0,
               .waits = 0,
               .is_stored = 0,
               .size = s.content_size,
               .expiry_s = s.expiry_s.value_or(no_expiry)} {
    // 55 bits of positions last for a thousand years at a million a second.
    GODWIT_ASSERT(position.value() <= position_mask && milliseconds_of(s.arrival) <= arrival_mask);
  }
  log_entry(log_entry&& other) noexcept : number_{0} { take(other); }
  log_entry& operator=(log_entry&& other) noexcept {
    if (this != &other) {
      clear_body();
      take(other);
    }
    return *this;
  }
  ~log_entry() { clear_body(); }

  [[nodiscard]] log_position position() const noexcept { return log_position{facts_.position}; }
  [[nodiscard]] mqtt::qos quality() const noexcept {
    return static_cast<mqtt::qos>(facts_.quality);
  }
  [[nodiscard]] state at() const noexcept { return static_cast<state>(facts_.at); }
  void set(state s) noexcept { facts_.at = static_cast<std::uint8_t>(s) & 7U; }
  [[nodiscard]] mqtt::packet_id id() const noexcept {
    return mqtt::packet_id{static_cast<std::uint16_t>(facts_.id)};
  }
  void set_gone() noexcept {
    clear_body();
    set(state::gone);
  }
  void set(mqtt::packet_id id) noexcept { facts_.id = id.value(); }
  [[nodiscard]] bool retain() const noexcept { return facts_.retain != 0; }
  void set_retain(bool on) noexcept { facts_.retain = on ? 1 : 0; }
  /// On any connection: the next PUBLISH carries DUP.
  [[nodiscard]] bool was_sent() const noexcept { return facts_.was_sent != 0; }
  void set_was_sent() noexcept { facts_.was_sent = 1; }
  /// It went out on this connection and is not complete: it counts against the client's window.
  [[nodiscard]] bool is_on_wire() const noexcept { return facts_.on_wire != 0; }
  void set_on_wire(bool on) noexcept { facts_.on_wire = on ? 1 : 0; }
  /// Something that it needs is not known to be on disk.
  [[nodiscard]] bool waits() const noexcept { return facts_.waits != 0; }
  void set_waits(bool on) noexcept { facts_.waits = on ? 1 : 0; }

  /// Topic, properties and payload.
  [[nodiscard]] std::uint32_t size() const noexcept { return facts_.size; }
  [[nodiscard]] base::wall_time arrival() const noexcept {
    return base::wall_time{std::chrono::milliseconds{facts_.arrival_ms}};
  }
  [[nodiscard]] bool is_expired(base::wall_time now) const noexcept {
    return facts_.expiry_s != no_expiry && arrival() + std::chrono::seconds{facts_.expiry_s} <= now;
  }

  [[nodiscard]] bool has_body() const noexcept { return facts_.has_body != 0; }
  [[nodiscard]] const base::ref<const mqtt::message>& body() const noexcept {
    GODWIT_ASSERT(facts_.has_body != 0);
    return message_;
  }
  [[nodiscard]] mqtt::message_number number() const noexcept {
    return facts_.has_body != 0 ? message_->number() : mqtt::message_number{number_};
  }
  /// Its record is known to be durable: it came from the store.
  [[nodiscard]] bool is_stored() const noexcept { return facts_.is_stored != 0; }
  void drop_body() noexcept {
    const std::uint64_t number = body()->number().value();
    clear_body();
    number_ = number;
  }
  /// `m` must be the message that is named here.
  void put_body(base::ref<const mqtt::message> m) noexcept {
    GODWIT_ASSERT(facts_.has_body == 0 && m->number().value() == number_ &&
                  m->content_size() == facts_.size);
    std::construct_at(&message_, std::move(m));
    facts_.has_body = 1;
    facts_.is_stored = 1;
  }

 private:
  /// An expiry of 136 years is none, too.
  static constexpr std::uint32_t no_expiry = 0xffff'ffff;
  static constexpr std::uint64_t position_mask = (std::uint64_t{1} << 55U) - 1;
  static constexpr std::uint64_t arrival_mask = (std::uint64_t{1} << 46U) - 1;

  struct facts {
    std::uint64_t position : 55;
    std::uint64_t at : 3;
    std::uint64_t quality : 2;
    std::uint64_t retain : 1;
    std::uint64_t was_sent : 1;
    std::uint64_t has_body : 1;
    std::uint64_t on_wire : 1;
    std::uint64_t arrival_ms : 46;
    std::uint64_t id : 16;
    std::uint64_t waits : 1;
    std::uint64_t is_stored : 1;
    std::uint32_t size;
    std::uint32_t expiry_s;
  };

  static std::uint64_t milliseconds_of(base::wall_time t) noexcept {
    return static_cast<std::uint64_t>(t.time_since_epoch().count());
  }
  static store::message_summary summary_of(const mqtt::message& m) {
    return {m.number(), base::checked_cast<std::uint32_t>(m.content_size()), m.arrival(),
            m.expiry_s()};
  }
  void clear_body() noexcept {
    if (facts_.has_body != 0) std::destroy_at(&message_);
    facts_.has_body = 0;
    number_ = 0;
  }
  void take(log_entry& other) noexcept {
    facts_ = other.facts_;
    if (facts_.has_body != 0) {
      std::construct_at(&message_, std::move(other.message_));
    } else {
      number_ = other.number_;
    }
    other.clear_body();
  }

  union {
    base::ref<const mqtt::message> message_;  // with facts_.has_body
    std::uint64_t number_;
  };
  facts facts_;
};
static_assert(sizeof(log_entry) == 32);

}  // namespace godwit::session
