#include "support/memory_transport.hpp"

#include <godwit/base/assert.hpp>

#include <algorithm>

namespace godwit::test {
namespace {

struct detached_wire final : broker::detached_transport {
  explicit detached_wire(std::shared_ptr<memory_wire> w) : wire{std::move(w)} {}
  ~detached_wire() override {
    // Nobody took it up: to the client that is a connection that broke.
    if (wire == nullptr) return;
    wire->break_now();
    wire->broker_closed = true;
  }
  std::shared_ptr<memory_wire> wire;
};

}  // namespace

void memory_transport::accept(std::shared_ptr<memory_wire> wire, broker::peer_info peer) {
  accepted_.emplace_back(std::move(wire), std::move(peer));
}

std::uint32_t memory_transport::add(std::shared_ptr<memory_wire> wire, std::uint64_t token) {
  connection c;
  c.wire = std::move(wire);
  c.token = token;
  connections_.emplace(++last_id_, std::move(c));
  return last_id_;
}

memory_transport::connection& memory_transport::at(broker::transport_id id) {
  const auto found = connections_.find(id.value());
  GODWIT_ASSERT(found != connections_.end());
  return found->second;
}

memory_transport::event memory_transport::next_event(const connection& c) {
  const memory_wire& w = *c.wire;
  if (w.broken) return event::lost;
  if (c.reading || c.wants_one_read) {
    if (!w.to_broker.empty()) return event::bytes;
    if (w.client_closed) return event::end;
  }
  if (c.wants_writable && w.room() != 0) return event::writable;
  return event::none;
}

bool memory_transport::has_events() const {
  return !accepted_.empty() || std::ranges::any_of(connections_, [](const auto& c) {
    return next_event(c.second) != event::none;
  });
}

void memory_transport::deliver(broker::shard& shard) {
  for (auto& [wire, peer] : std::exchange(accepted_, {})) {
    const std::uint32_t id = add(std::move(wire), 0);
    const broker::connection_token token = shard.open(broker::transport_id{id}, std::move(peer));
    const auto found = connections_.find(id);
    if (found != connections_.end()) found->second.token = token;
  }
  // The shard may close any connection, and open others, while it is told about one.
  std::vector<std::uint32_t> ids;
  for (const auto& [id, c] : connections_) ids.push_back(id);
  for (const std::uint32_t id : ids) {
    bool writable_told = false;
    deliver_one(shard, id, writable_told);
    if (!writable_told) deliver_one(shard, id, writable_told);
  }
}

void memory_transport::deliver_one(broker::shard& shard, std::uint32_t id, bool& writable_told) {
  const auto found = connections_.find(id);
  if (found == connections_.end()) return;
  connection& c = found->second;
  switch (next_event(c)) {
    case event::none:
      return;
    case event::lost:
    case event::end: {
      // With the report the connection is gone for the shard: it says nothing about it any more.
      const auto how =
          c.wire->broken ? broker::transport_end::lost : broker::transport_end::closed_by_peer;
      const std::uint64_t token = c.token;
      c.wire->broker_closed = true;
      connections_.erase(found);
      shard.on_closed(token, how);
      return;
    }
    case event::writable:
      c.wants_writable = false;
      writable_told = true;
      shard.on_writable(c.token);
      return;
    case event::bytes: {
      base::bytes& waiting = c.wire->to_broker;
      const std::size_t n = c.reading ? waiting.size() : std::min(waiting.size(), read_once_bytes);
      const auto end = waiting.begin() + static_cast<std::ptrdiff_t>(n);
      const base::bytes own{waiting.begin(), end};
      waiting.erase(waiting.begin(), end);
      c.wants_one_read = false;
      c.wire->consumed += n;
      shard.on_bytes(c.token, own);
      return;
    }
  }
}

void memory_transport::break_all() {
  for (auto& [id, c] : connections_) {
    c.wire->break_now();
    c.wire->broker_closed = true;
  }
  for (auto& [wire, peer] : accepted_) {
    wire->break_now();
    wire->broker_closed = true;
  }
  connections_.clear();
  accepted_.clear();
}

std::size_t memory_transport::send(broker::transport_id id,
                                   std::span<const base::bytes_view> pieces) {
  connection& c = at(id);
  memory_wire& w = *c.wire;
  std::size_t taken = 0;
  for (const base::bytes_view piece : pieces) {
    const std::size_t n = w.broken ? piece.size() : std::min(piece.size(), w.room());
    const base::bytes_view part = piece.first(n);
    if (!w.broken) w.to_client.insert(w.to_client.end(), part.begin(), part.end());
    taken += n;
    if (n < piece.size()) {
      c.wants_writable = true;
      break;
    }
  }
  return taken;
}

void memory_transport::close(broker::transport_id id) {
  connection& c = at(id);
  c.wire->broker_closed = true;
  c.wire->to_broker.clear();
  connections_.erase(id.value());
}

void memory_transport::set_reading(broker::transport_id id, bool on) {
  at(id).reading = on;
}

void memory_transport::read_once(broker::transport_id id) {
  at(id).wants_one_read = true;
}

std::unique_ptr<broker::detached_transport> memory_transport::detach(broker::transport_id id) {
  auto moved = std::make_unique<detached_wire>(at(id).wire);
  moved->wire->is_moving = true;
  connections_.erase(id.value());
  return moved;
}

broker::transport_id memory_transport::attach(std::unique_ptr<broker::detached_transport> moved,
                                              std::uint64_t token) {
  auto* const one = dynamic_cast<detached_wire*>(moved.get());
  GODWIT_ASSERT(one != nullptr);
  one->wire->is_moving = false;
  return broker::transport_id{add(std::exchange(one->wire, nullptr), token)};
}

}  // namespace godwit::test
