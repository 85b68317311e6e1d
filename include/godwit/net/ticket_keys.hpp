#pragma once

#include <godwit/base/clock.hpp>

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>

namespace godwit::net {

/// The keys that TLS session tickets are sealed with. They follow from one random secret of this
/// process, the day, and what clients are judged by, so all shards have the same ones without
/// sharing anything that changes, and they outlive a reload of certificates. A ticket can be opened
/// on its day and the next. Any thread.
class ticket_keys {
 public:
  /// A digest of everything that decides whether a client certificate is good. A ticket stands for
  /// a certificate that was checked, so one that was made under another trust is worth nothing.
  using trust = std::array<std::byte, 32>;

  struct key {
    std::array<std::byte, 16> name;
    std::array<std::byte, 32> cipher;
    std::array<std::byte, 32> mac;
  };
  enum class age : std::uint8_t { current, previous, unknown };

  /// `clock` outlives it. Throws std::runtime_error when the system has no random bytes.
  explicit ticket_keys(const base::clock& clock);
  ~ticket_keys();
  ticket_keys(const ticket_keys&) = delete;
  ticket_keys& operator=(const ticket_keys&) = delete;

  /// What tickets are sealed with now.
  [[nodiscard]] key current(const trust& t) const;
  /// The key of this name, if it is one of today or yesterday.
  [[nodiscard]] age find(const trust& t, std::span<const std::byte, 16> name, key& out) const;

 private:
  [[nodiscard]] std::uint64_t today() const noexcept;
  [[nodiscard]] key of_day(const trust& t, std::uint64_t day) const;

  const base::clock& clock_;
  std::array<std::byte, 32> secret_{};
};

}  // namespace godwit::net
