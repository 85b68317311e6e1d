#pragma once

#include <godwit/base/clock.hpp>
#include <godwit/base/seeded_hash.hpp>
#include <godwit/net/options.hpp>

#include <boost/asio/ip/address_v6.hpp>

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>

namespace godwit::net {

/// Says which connections to one listener come too fast. One for all shards; any thread, lock-free.
///
/// A bucket is one number: until when the connections so far are paid for. Addresses share a table
/// of fixed size (512 KiB, made only with `address_max`) by a seeded hash. When more addresses are
/// being watched than it has places for, the one that has used the least is forgotten, so that it
/// may come a few times more. Two addresses share a bucket once in a billion.
class connect_gate {
 public:
  explicit connect_gate(const connect_rate& rate);

  [[nodiscard]] bool watches_all() const noexcept { return all_.interval_us != 0; }
  [[nodiscard]] bool watches_addresses() const noexcept { return address_.interval_us != 0; }

  /// Counts one connection, unless it says no.
  [[nodiscard]] bool admits(base::steady_time now) noexcept;
  /// Counts one connection of this address (IPv4 as mapped into IPv6), unless it says no.
  [[nodiscard]] bool admits(const boost::asio::ip::address_v6& from,
                            base::steady_time now) noexcept;

 private:
  struct bucket_size {
    bucket_size(std::uint32_t per_second, std::chrono::milliseconds burst) noexcept;
    std::uint64_t interval_us = 0;  ///< that one connection pays for; 0 = no limit
    std::uint64_t burst_us = 0;
  };
  /// The upper 16 bits tell addresses apart, the lower 48 are microseconds.
  using cell = std::atomic<std::uint64_t>;

  bucket_size all_;
  bucket_size address_;
  base::hash_seed seed_;
  cell all_paid_until_{0};
  std::unique_ptr<cell[]> addresses_;
};

}  // namespace godwit::net
