#include "memory_watch.hpp"

#include "allocator.hpp"
#include "machine_memory.hpp"
#include "surroundings.hpp"

#include <godwit/mqtt/message.hpp>
#include <godwit/net/tls_memory.hpp>

#include <algorithm>

namespace godwit::daemon {
namespace {

using std::chrono::milliseconds;

/// How often memory is looked at: far from the limit, and from half of it on.
constexpr milliseconds far_step{1'000};
constexpr milliseconds near_step{20};
constexpr milliseconds ledger_step{1'000};
/// The allocator is asked this often to give back what is free.
constexpr milliseconds give_back_step{5'000};

}  // namespace

memory_watch::memory_watch(observe::memory_gauge& gauge, std::uint64_t configured,
                           observe::logger& log)
    : gauge_{gauge}, log_{log}, unused_at_start_{unused_memory()} {
  set_limit(configured);
  gauge_.set(observe::memory_kind::base, memory_in_use());
}

void memory_watch::take_base(std::uint64_t of_store) {
  constexpr std::uint64_t most = 4U << 20U;
  const std::uint64_t before = gauge_[observe::memory_kind::base];
  const std::uint64_t in_use = memory_in_use();
  const std::uint64_t now = in_use - std::min(in_use, of_store);
  gauge_.set(observe::memory_kind::base, std::clamp(now, before, before + most));
  unused_at_start_ = unused_memory();
}

void memory_watch::set_limit(std::uint64_t configured) {
  gauge_.set_limit(configured != 0 ? configured : memory_there_is() / 4 * 3);
}

base::steady_time memory_watch::look(base::steady_time now) {
  if (now < next_) return next_;
  using observe::memory_level;
  const std::uint64_t in_use = memory_in_use();
  const std::uint64_t limit = gauge_.limit();
  gauge_.set(in_use);
  const memory_level before = gauge_.level();
  const memory_level after = observe::next_level(before, in_use, limit);
  gauge_.set(after);
  if (after != before) {
    const std::initializer_list<observe::log_field> fields{
        {"level", observe::name(after)}, {"in_use", in_use}, {"memory_limit", limit}};
    if (after > before) {
      log_.warn("memory.short", fields);
    } else {
      log_.info("memory.eases", fields);
    }
  }
  if (after != memory_level::enough) give_back(now);
  if (now >= next_ledger_) {
    next_ledger_ = now + ledger_step;
    keep_ledger();
  }
  next_ = now + (limit != 0 && in_use > limit / 2 ? near_step : far_step);
  return next_;
}

/// What was freed may still be the process's: the system gets it back now, not a little later.
void memory_watch::give_back(base::steady_time now) {
  if (now < next_give_back_) return;
  next_give_back_ = now + give_back_step;
  give_back_unused_memory();
}

void memory_watch::keep_ledger() {
  using observe::memory_kind;
  const std::uint64_t messages = mqtt::message::bytes_in_memory();
  gauge_.set(memory_kind::messages,
             messages - std::min(messages, of_retained_ ? of_retained_() : 0));
  gauge_.set(memory_kind::tls, net::tls_bytes());
  if (of_store_) gauge_.set(memory_kind::store, of_store_());
  const std::uint64_t unused = unused_memory();
  gauge_.set(memory_kind::allocator, unused - std::min(unused, unused_at_start_));
}

}  // namespace godwit::daemon
