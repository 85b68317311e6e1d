#include "client_books.hpp"

#include "engine.hpp"

namespace godwit::broker {

/// Against what is there. Between two handlers.
void check_books([[maybe_unused]] shard_engine& e, [[maybe_unused]] session_handle h,
                 [[maybe_unused]] const session_slot& s) noexcept {
  if constexpr (client_books::are_kept) {
    s.books.check_copies(s.log.size());
    if (s.ended) return;
    const connection* const c = e.connections_.find(s.connection);
    std::uint64_t waiting = c != nullptr && c->parked && c->parked->retaining == 0 ? 1 : 0;
    e.pending_.for_each([&](const auto&, const pending_operation& p) {
      const bool is_publish =
          (p.counts_publish && !p.is_counted) || std::holds_alternative<goal::retained>(p.then);
      if (is_publish && publisher_of(p) == h) ++waiting;
    });
    s.books.check_publishes(waiting);
  }
}

}  // namespace godwit::broker
