#pragma once

#include <godwit/session/recorder.hpp>
#include <godwit/store/store.hpp>

#include <cstdint>

namespace godwit::broker {

/// Something of a shard that goes on once the disk has what it waits for.
struct durable_wait {
  enum class kind : std::uint8_t { pending, commit, pump };
  kind what{};
  std::uint64_t id = 0;  ///< pending_id, commit number, or session handle
};

/// The same in a queue by ticket; those of one ticket in the order in which they came.
struct ticket_wait {
  store::ticket ticket;
  std::uint64_t order;
  durable_wait what;
  friend bool operator>(const ticket_wait& a, const ticket_wait& b) noexcept {
    return a.ticket != b.ticket ? a.ticket > b.ticket : a.order > b.order;
  }
};

/// A batch that is on its way to the disk.
struct submitted_batch {
  session::batch_number batch;
  store::ticket ticket;
};

}  // namespace godwit::broker
