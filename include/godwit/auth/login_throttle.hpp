#pragma once

#include <godwit/auth/principal.hpp>
#include <godwit/base/clock.hpp>
#include <godwit/base/seeded_hash.hpp>

#include <boost/unordered/unordered_flat_map.hpp>

#include <chrono>
#include <cstdint>
#include <string_view>

namespace godwit::auth {

/// Slows those who try passwords. Failures count per address (IPv6: per /64) and per user; beyond
/// `failures_free` of them one try per `failure_interval` is left, and the others are refused
/// unseen. What is spent comes back with time, so nobody is ever locked out. While a user's account
/// is under attack from many addresses, an address that has not failed for this user yet may still
/// try. One per shard.
class login_throttle {
 public:
  struct options {
    std::uint32_t failures_free = 10;
    base::duration failure_interval = std::chrono::seconds{1};  ///< 0: nobody is slowed
    std::size_t entries_max = 65'536;
  };
  login_throttle(const options& o, base::hash_seed seed) noexcept : options_{o}, seed_{seed} {}

  [[nodiscard]] bool admits(const base::ip_address& from, std::string_view user,
                            base::steady_time now) const;
  void count_failure(const base::ip_address& from, std::string_view user, base::steady_time now);
  void set(const options& o) noexcept { options_ = o; }
  [[nodiscard]] std::size_t size() const noexcept { return paid_until_.size(); }

 private:
  enum class kind : std::uint64_t { address = 1, user = 2, pair = 3 };
  [[nodiscard]] std::uint64_t key(kind k, const base::ip_address& from,
                                  std::string_view user) const;
  [[nodiscard]] bool is_spent(std::uint64_t key, base::duration allowance,
                              base::steady_time now) const;

  options options_;
  base::hash_seed seed_;
  /// Each failure pays for one interval; who is ahead of the time by more than the free ones waits.
  boost::unordered_flat_map<std::uint64_t, base::steady_time> paid_until_;
};

}  // namespace godwit::auth
