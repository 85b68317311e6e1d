#pragma once

#include "context.hpp"
#include "support/memory_transport.hpp"

#include <cstddef>
#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <string>

namespace godwit::sim {

/// One connection with the network in the middle: bytes of the client wait in `up_` until the
/// network moves them, bytes of the broker in the wire.
class link {
 public:
  link(context& c, std::string name, std::size_t capacity);

  // The client's end
  void send(base::bytes_view packet);
  /// FIN behind what was sent.
  void close() { closing_ = true; }
  void reset();
  void stall(bool on) { stalled_ = on; }
  [[nodiscard]] bool is_stalled() const noexcept { return stalled_; }
  /// The client cannot learn anything more from this connection.
  [[nodiscard]] bool is_over() const noexcept;
  [[nodiscard]] std::uint64_t bytes_sent() const noexcept { return sent_; }

  [[nodiscard]] bool is_closing() const noexcept { return closing_; }

  // Who is at the client's end
  struct manners {
    std::uint16_t keep_alive_s = 0;
    bool is_rude = false;  ///< no reason to close it is a surprise
    bool sent_disconnect = false;
    bool has_session = false;           ///< says the broker
    std::optional<std::size_t> will{};  ///< message of the oracle
  };
  manners client{};

  // The network
  /// Nothing passes for a while.
  void hold(base::duration d) { held_until_ = context_.now.steady + d; }
  [[nodiscard]] bool can_move_up() const noexcept;
  [[nodiscard]] bool can_move_down() const noexcept;
  void move_up(std::size_t bytes);
  /// Bytes wait, and have since this moment; `never` if there are none.
  [[nodiscard]] stamp waits_since() const noexcept { return up_.empty() ? never : waits_since_; }
  [[nodiscard]] bool is_moving() const noexcept { return wire_->is_moving && !wire_->broken; }
  /// Bytes that reached the client now.
  [[nodiscard]] base::bytes move_down(std::size_t bytes);

  // What the broker did
  [[nodiscard]] const std::shared_ptr<test::memory_wire>& wire() const noexcept { return wire_; }
  [[nodiscard]] const std::string& name() const noexcept { return name_; }
  /// Call after every turn: notes when the broker read something, and when it closed.
  void look();
  [[nodiscard]] base::steady_time last_read() const noexcept { return last_read_; }
  /// The broker has answered CONNECT and holds the connection.
  [[nodiscard]] bool is_live() const noexcept;
  /// May the broker have closed it by now for a reason that this end gave (or that it has itself)?
  [[nodiscard]] bool may_be_closed(std::uint16_t keep_alive_s, bool connecting) const;
  /// Silent for so long, with everything read, that the broker must have closed it.
  [[nodiscard]] bool must_be_closed(std::uint16_t keep_alive_s);
  /// An answer came: if the connection was paused until then, its clock began anew not later.
  /// What comes after the broker has ended the connection tells nothing about it.
  void note_answer() {
    if (ends_ == 0) last_answer_ = context_.now.steady;
  }
  /// An older CONNECT of the client may come after this one and take over.
  void excuse() { excused_ = true; }
  /// The broker says that the connection ended; what it reads from here on it throws away.
  void note_end(std::string reason) {
    reason_ = std::move(reason);
    ++ends_;
  }
  [[nodiscard]] std::size_t ends() const noexcept { return ends_; }
  [[nodiscard]] const std::string& reason() const noexcept { return reason_; }
  /// Is this a reason that the client, or the broker's own fate, has given?
  [[nodiscard]] bool may_end_by(std::string_view reason) const;
  /// The broker stops: it closes whatever there is, and keeps the will.
  void meet_stop() { met_stop_ = true; }
  [[nodiscard]] bool has_met_stop() const noexcept { return met_stop_; }
  /// Another connection of the client was accepted. What stands in the output may still be written,
  /// for a short time.
  void displace();
  /// The client has made another connection.
  void supersede() { may_be_superseded_ = true; }
  [[nodiscard]] bool is_displaced_too_long() const;

 private:
  void note_reading();

  context& context_;
  std::string name_;
  std::shared_ptr<test::memory_wire> wire_ = std::make_shared<test::memory_wire>();
  base::bytes up_;
  std::uint64_t sent_ = 0;
  bool closing_ = false;
  bool stalled_ = false;
  bool excused_ = false;
  bool met_stop_ = false;
  std::string reason_;
  std::size_t ends_ = 0;
  bool may_be_superseded_ = false;
  base::steady_time held_until_{};
  stamp waits_since_ = 0;
  std::uint64_t arrived_ = 0;      ///< bytes that reached the broker's end
  std::uint64_t whole_until_ = 0;  ///< of these, in packets that are complete
  std::uint64_t moved_down_ = 0;
  std::optional<base::steady_time> closed_at_;
  std::uint64_t consumed_ = 0;
  std::deque<std::uint64_t> packet_ends_;
  base::steady_time last_packet_read_;
  base::steady_time last_taken_;
  base::steady_time last_written_;
  std::uint64_t written_ = 0;
  base::duration longest_silence_{};
  std::optional<base::steady_time> live_since_;
  std::optional<base::steady_time> overdue_since_;
  base::duration longest_stall_{};  ///< time in which nothing was taken, as the broker sees it
  std::optional<base::steady_time> displaced_at_;
  base::steady_time opened_;
  stamp opened_mark_;
  base::steady_time last_read_;
  base::steady_time last_answer_{};
};

}  // namespace godwit::sim
