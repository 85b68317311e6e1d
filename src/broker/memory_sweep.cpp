#include "engine.hpp"

#include <algorithm>

/// The shard's part of the memory ledger, and of what users have. Nothing is counted on the message
/// path: once a second a part of what there is is looked at.

namespace godwit::broker {

namespace {

constexpr std::chrono::seconds step{1};
/// Places that are looked at in one step: an eighth, and not few.
constexpr std::uint32_t places_min = 8'192;
constexpr std::uint32_t part = 8;
/// Besides what it asks for, an allocation takes about so much.
constexpr std::size_t allocator = 16;

std::size_t heap_bytes(std::size_t bytes) noexcept {
  return bytes == 0 ? 0 : bytes + allocator;
}

std::size_t heap_bytes(const std::string& text) noexcept {
  return text.capacity() > std::string{}.capacity() ? heap_bytes(text.capacity()) : 0;
}

template <class T>
std::size_t heap_bytes(const std::unique_ptr<T>& owned) noexcept {
  return owned ? sizeof(T) + allocator : 0;
}

/// What can be asked at any time, and the result of the walk.
void publish(shard_engine& e, const memory_sweep& s) {
  using observe::memory_kind;
  std::size_t spare = 0;
  for (const auto& one : e.spare_outputs_) spare += heap_bytes(one->memory_size());
  observe::counters& to = e.ports.counters;
  to.set(memory_kind::connections,
         s.connections + e.connections_.allocated_bytes() + e.ports.connections.memory_size());
  to.set(memory_kind::output, s.output + spare);
  to.set(memory_kind::sessions,
         s.sessions + e.sessions_.allocated_bytes() + e.timers_.allocated_bytes() +
             e.by_client_id_.bucket_count() * (sizeof(std::string_view) + sizeof(session_handle)));
  to.set(memory_kind::queues, s.queues);
  to.set(memory_kind::retained, e.retained_.memory_size());
  to.set(memory_kind::filters, e.router_.memory_size());
}

}  // namespace

void shard_engine::sweep_memory() {
  using stage = memory_sweep::stage;
  memory_sweep& s = sweep_;
  if (s.at == stage::connections) {
    const std::uint32_t places = std::max(places_min, connections_.size() / part);
    const auto next =
        connections_.for_each_of(s.next, places, [&s](connection_handle, const connection& c) {
          s.connections += heap_bytes(c.input.capacity()) + heap_bytes(c.answers.memory_size()) +
                           heap_bytes(c.parked) + heap_bytes(c.pace) + heap_bytes(c.v5) +
                           heap_bytes(c.peer.address) + heap_bytes(c.peer.certificate);
          if (c.output) s.output += heap_bytes(c.output->memory_size());
        });
    s.next = next.value_or(0);
    if (!next) s.at = stage::sessions;
  } else {
    const std::uint32_t places = std::max(places_min, sessions_.size() / part);
    const auto next =
        sessions_.for_each_of(s.next, places, [this, &s](session_handle, const session_slot& one) {
          s.sessions += heap_bytes(one.client_id) + heap_bytes(one.subscriptions.memory_size()) +
                        heap_bytes(one.received.memory_size()) + heap_bytes(one.will) +
                        heap_bytes(one.extras);
          s.queues += one.log.allocated_bytes();
          if (ports.users != nullptr && one.log.bytes() != 0 && !one.owner.user_name().empty()) {
            s.queued_by_user[std::string{one.owner.user_name()}] += one.log.bytes();
          }
        });
    s.next = next.value_or(0);
    if (!next) {
      publish(*this, s);
      if (ports.users != nullptr) {
        over_quota_ = ports.users->report_queued(self.value(), std::move(s.queued_by_user));
      }
      s = {};
    }
  }
  arm(now.steady + step, timer_kind::memory_sweep, 0, 0);
}

}  // namespace godwit::broker
