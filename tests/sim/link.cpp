#include "link.hpp"

#include <algorithm>

namespace godwit::sim {
namespace {

base::bytes cut_front(base::bytes& from, std::size_t n) {
  const auto end = from.begin() + static_cast<std::ptrdiff_t>(std::min(n, from.size()));
  base::bytes front{from.begin(), end};
  from.erase(from.begin(), end);
  return front;
}

}  // namespace

link::link(context& c, std::string name, std::size_t capacity)
    : context_{c},
      name_{std::move(name)},
      last_packet_read_{c.now.steady},
      last_taken_{c.now.steady},
      last_written_{c.now.steady},
      opened_{c.now.steady},
      opened_mark_{c.last},
      last_read_{c.now.steady} {
  if (capacity != 0) wire_->capacity = capacity;
}

void link::send(base::bytes_view packet) {
  if (wire_->broken || closing_) return;
  if (up_.empty()) waits_since_ = context_.last;
  up_.insert(up_.end(), packet.begin(), packet.end());
  sent_ += packet.size();
  packet_ends_.push_back(sent_);
}

void link::reset() {
  if (arrived_ != whole_until_ && !wire_->broken) context_.count(fault::reset_inside_packet);
  up_.clear();
  wire_->break_now();
}

bool link::is_over() const noexcept {
  return wire_->broken || (wire_->broker_closed && wire_->to_client.empty());
}

bool link::can_move_up() const noexcept {
  if (wire_->broken || wire_->broker_closed || context_.now.steady < held_until_) return false;
  return !up_.empty() || (closing_ && !wire_->client_closed);
}

bool link::can_move_down() const noexcept {
  return !wire_->broken && !stalled_ && !wire_->to_client.empty() &&
         context_.now.steady >= held_until_;
}

void link::move_up(std::size_t bytes) {
  if (wire_->broken || wire_->broker_closed) return;
  const base::bytes moved = cut_front(up_, bytes);
  if (moved.size() == 1) context_.count(fault::one_byte_fragment);
  if (!up_.empty() && moved.size() > 1) context_.count(fault::fragment);
  arrived_ += moved.size();
  std::size_t whole = 0;
  for (const std::uint64_t end : packet_ends_) {
    if (end > arrived_) break;
    if (end > whole_until_) ++whole;
    whole_until_ = std::max(whole_until_, end);
  }
  if (whole > 1) context_.count(fault::coalescing);
  wire_->to_broker.insert(wire_->to_broker.end(), moved.begin(), moved.end());
  if (up_.empty() && closing_) wire_->client_closed = true;
}

base::bytes link::move_down(std::size_t bytes) {
  base::bytes moved = cut_front(wire_->to_client, bytes);
  moved_down_ += moved.size();
  note_reading();
  last_taken_ = context_.now.steady;
  return moved;
}

bool link::is_live() const noexcept {
  constexpr std::size_t connack_size = 4;
  return !wire_->broken && !wire_->broker_closed &&
         moved_down_ + wire_->to_client.size() >= connack_size;
}

bool link::may_end_by(std::string_view reason) const {
  using std::chrono::seconds;
  if (reason == "server_stopping") return met_stop_;
  if (reason == "connection_lost") return wire_->broken;
  if (reason == "client_closed") return closing_;
  if (reason == "client_disconnected") return client.sent_disconnect || client.is_rude;
  if (reason == "taken_over") return may_be_superseded_ || excused_ || client.is_rude;
  if (reason == "stalled_reader") {
    const base::duration now = context_.now.steady - std::min(last_taken_, last_written_);
    return std::max(longest_stall_, now) >= seconds{60};
  }
  if (reason == "connect_timeout") return context_.now.steady - opened_ >= seconds{10};
  if (reason == "keep_alive_timeout") {
    return client.keep_alive_s != 0 && context_.now.steady - last_packet_read_ >=
                                           std::chrono::milliseconds{client.keep_alive_s * 1'500};
  }
  // Nothing new that is durable while the disk is low, and the store has failed or may be full.
  const bool met_low_disk = context_.disk_low_until > opened_mark_;
  if (reason == "low_disk") return met_low_disk;
  if (reason == "refused" && met_low_disk) return true;
  if (reason == "refused" && context_.was_memory_short_since(opened_mark_)) return true;
  if (reason == "protocol_error" || reason == "packet_too_large" || reason == "refused") {
    return client.is_rude;
  }
  return false;  // no other reason can be had in a run
}

bool link::may_be_closed(std::uint16_t keep_alive_s, bool connecting) const {
  using std::chrono::seconds;
  if (excused_ || met_stop_ || closing_ || !closed_at_) return true;
  if (connecting && *closed_at_ - opened_ >= seconds{10}) return true;
  if (longest_stall_ >= seconds{60}) return true;
  // The longest ones count, because what stands in the output may delay the close itself.
  return keep_alive_s != 0 && longest_silence_ >= std::chrono::milliseconds{keep_alive_s * 1'500};
}

bool link::must_be_closed(std::uint16_t keep_alive_s) {
  if (keep_alive_s == 0 || !live_since_ || !is_live() || !wire_->to_broker.empty()) return false;
  const base::steady_time heard = std::max({last_read_, last_answer_, *live_since_});
  const base::duration silent = context_.now.steady - heard;
  if (overdue_since_ && *overdue_since_ <= heard) overdue_since_.reset();
  if (silent <= std::chrono::milliseconds{keep_alive_s * 1'500 + 1'000}) {
    overdue_since_.reset();
    return false;
  }
  // What stands in the output may delay the close by some seconds.
  if (!overdue_since_) overdue_since_ = context_.now.steady;
  return context_.now.steady - *overdue_since_ > std::chrono::seconds{6};
}

void link::note_reading() {
  longest_stall_ =
      std::max(longest_stall_, context_.now.steady - std::min(last_taken_, last_written_));
  longest_silence_ = std::max(longest_silence_, context_.now.steady - last_packet_read_);
}

void link::look() {
  note_reading();
  if (const std::uint64_t written = moved_down_ + wire_->to_client.size(); written != written_) {
    written_ = written;
    last_written_ = context_.now.steady;
  }
  if (wire_->room() == 0 && !wire_->broken) context_.count(fault::short_write);
  if (!live_since_ && is_live()) live_since_ = context_.now.steady;
  if (wire_->broker_closed && !closed_at_) closed_at_ = context_.now.steady;
  if (wire_->consumed == consumed_ || ends_ != 0) return;
  consumed_ = wire_->consumed;
  last_read_ = context_.now.steady;
  while (!packet_ends_.empty() && packet_ends_.front() <= consumed_) {
    packet_ends_.pop_front();
    last_packet_read_ = last_read_;
  }
}

void link::displace() {
  if (!displaced_at_) displaced_at_ = context_.now.steady;
}

bool link::is_displaced_too_long() const {
  return is_live() && displaced_at_ &&
         context_.now.steady - *displaced_at_ > std::chrono::seconds{6};
}

}  // namespace godwit::sim
