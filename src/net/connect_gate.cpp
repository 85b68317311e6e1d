#include <godwit/net/connect_gate.hpp>

#include <algorithm>
#include <span>
#include <string_view>

namespace godwit::net {
namespace {

constexpr std::size_t ways = 4;  // places that one address can have
constexpr std::size_t sets = 16'384;
constexpr unsigned time_bits = 48;
constexpr std::uint64_t time_mask = (std::uint64_t{1} << time_bits) - 1;
/// Somebody else changed the cell; after so many times the connection is let in.
constexpr int tries_max = 8;

std::uint64_t microseconds(base::steady_time now) noexcept {
  return static_cast<std::uint64_t>(
             std::chrono::floor<std::chrono::microseconds>(now.time_since_epoch()).count()) &
         time_mask;
}

/// How far ahead of now a bucket is paid for. What is further ahead than a bucket can be was
/// written before the microseconds wrapped around, after nine years.
std::uint64_t debt_of(std::uint64_t value, std::uint64_t now_us, std::uint64_t most) noexcept {
  const std::uint64_t paid_until = value & time_mask;
  if (paid_until <= now_us || paid_until - now_us > most) return 0;
  return paid_until - now_us;
}

}  // namespace

connect_gate::bucket_size::bucket_size(std::uint32_t per_second,
                                       std::chrono::milliseconds burst) noexcept {
  constexpr std::uint64_t second_us = 1'000'000;
  if (per_second == 0) return;
  interval_us = std::max<std::uint64_t>(second_us / per_second, 1);
  const auto asked = std::chrono::duration_cast<std::chrono::microseconds>(burst).count();
  burst_us = std::max(static_cast<std::uint64_t>(asked), interval_us);
}

connect_gate::connect_gate(const connect_rate& rate)
    : all_{rate.all_max, rate.burst},
      address_{rate.address_max, rate.burst},
      seed_{rate.seed, ~rate.seed} {
  if (watches_addresses()) addresses_ = std::make_unique<cell[]>(sets * ways);
}

bool connect_gate::admits(base::steady_time now) noexcept {
  if (!watches_all()) return true;
  const std::uint64_t now_us = microseconds(now);
  std::uint64_t seen = all_paid_until_.load(std::memory_order_relaxed);
  for (int i = 0; i < tries_max; ++i) {
    const std::uint64_t paid = debt_of(seen, now_us, all_.burst_us) + all_.interval_us;
    if (paid > all_.burst_us) return false;
    if (all_paid_until_.compare_exchange_weak(seen, (now_us + paid) & time_mask,
                                              std::memory_order_relaxed)) {
      return true;
    }
  }
  return true;
}

bool connect_gate::admits(const boost::asio::ip::address_v6& from, base::steady_time now) noexcept {
  if (!watches_addresses()) return true;
  constexpr std::size_t network_bytes = 8;
  const auto bytes = from.to_bytes();
  const std::string_view whole{reinterpret_cast<const char*>(bytes.data()), bytes.size()};
  const std::uint64_t hash =
      base::seeded_hash(from.is_v4_mapped() ? whole : whole.substr(0, network_bytes), seed_);
  const std::uint64_t mark = hash & ~time_mask;
  const std::span<cell> its_set{&addresses_[hash % sets * ways], ways};
  const std::uint64_t now_us = microseconds(now);
  for (int i = 0; i < tries_max; ++i) {
    cell* place = nullptr;
    std::uint64_t seen = 0;
    std::uint64_t debt = 0;
    bool is_known = false;
    for (cell& c : its_set) {
      const std::uint64_t value = c.load(std::memory_order_relaxed);
      const std::uint64_t its_debt = debt_of(value, now_us, address_.burst_us);
      const bool is_it = its_debt != 0 && (value & ~time_mask) == mark;
      if (place != nullptr && !is_it && (is_known || its_debt >= debt)) continue;
      place = &c;
      seen = value;
      debt = its_debt;
      is_known = is_known || is_it;
    }
    const std::uint64_t paid = (is_known ? debt : 0) + address_.interval_us;
    if (paid > address_.burst_us) return false;
    if (place->compare_exchange_weak(seen, mark | ((now_us + paid) & time_mask),
                                     std::memory_order_relaxed)) {
      return true;
    }
  }
  return true;
}

}  // namespace godwit::net
