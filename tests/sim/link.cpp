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
    : context_{c}, name_{std::move(name)}, opened_{c.now.steady}, last_read_{c.now.steady} {
  if (capacity != 0) wire_->capacity = capacity;
}

void link::send(base::bytes_view bytes) {
  if (wire_->broken || closing_) return;
  up_.insert(up_.end(), bytes.begin(), bytes.end());
  sent_ += bytes.size();
}

void link::reset() {
  up_.clear();
  wire_->break_now();
}

bool link::is_over() const noexcept {
  return wire_->broken || (wire_->broker_closed && wire_->to_client.empty());
}

bool link::can_move_up() const noexcept {
  if (wire_->broken || wire_->broker_closed) return false;
  return !up_.empty() || (closing_ && !wire_->client_closed);
}

bool link::can_move_down() const noexcept {
  return !wire_->broken && !stalled_ && !wire_->to_client.empty();
}

void link::move_up(std::size_t bytes) {
  if (wire_->broken || wire_->broker_closed) return;
  const base::bytes moved = cut_front(up_, bytes);
  wire_->to_broker.insert(wire_->to_broker.end(), moved.begin(), moved.end());
  if (up_.empty() && closing_) wire_->client_closed = true;
}

base::bytes link::move_down(std::size_t bytes) { return cut_front(wire_->to_client, bytes); }

void link::look() {
  if (wire_->consumed == consumed_) return;
  consumed_ = wire_->consumed;
  last_read_ = context_.now.steady;
}

}  // namespace godwit::sim
