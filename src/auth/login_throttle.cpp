#include <godwit/auth/login_throttle.hpp>

#include <algorithm>
#include <array>

namespace godwit::auth {

std::uint64_t login_throttle::key(kind k, const base::ip_address& from,
                                  std::string_view user) const {
  std::array<std::byte, 16> part{};
  const bool is_v4 = std::all_of(from.begin(), from.begin() + 10, [](auto b) { return b == 0; }) &&
                     from[10] == 0xff && from[11] == 0xff;
  const std::size_t counts = is_v4 ? 16 : 8;
  if (k != kind::user) {
    std::transform(from.begin(), from.begin() + counts, part.begin(),
                   [](std::uint8_t b) { return std::byte{b}; });
  }
  base::hash_seed seed = seed_;
  seed.k0 ^= static_cast<std::uint64_t>(k);
  seed.k1 ^= base::seeded_hash(base::bytes_view{part}, seed);
  return base::seeded_hash(k == kind::address ? std::string_view{} : user, seed);
}

bool login_throttle::is_spent(std::uint64_t key, base::duration allowance,
                              base::steady_time now) const {
  const auto found = paid_until_.find(key);
  return found != paid_until_.end() && found->second > now + allowance;
}

bool login_throttle::admits(const base::ip_address& from, std::string_view user,
                            base::steady_time now) const {
  if (options_.failure_interval.count() == 0) return true;
  const base::duration free = options_.failure_interval * options_.failures_free;
  if (is_spent(key(kind::address, from, user), free, now)) return false;
  return !is_spent(key(kind::user, from, user), free, now) ||
         !is_spent(key(kind::pair, from, user), base::duration{0}, now);
}

void login_throttle::count_failure(const base::ip_address& from, std::string_view user,
                                   base::steady_time now) {
  if (options_.failure_interval.count() == 0) return;
  if (paid_until_.size() + 3 > options_.entries_max) {
    boost::unordered::erase_if(paid_until_, [now](const auto& e) { return e.second <= now; });
    if (paid_until_.size() + 3 > options_.entries_max) paid_until_.clear();
  }
  for (const kind k : {kind::address, kind::user, kind::pair}) {
    auto& until = paid_until_[key(k, from, user)];
    until = std::max(until, now) + options_.failure_interval;
  }
}

}  // namespace godwit::auth
