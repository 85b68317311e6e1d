#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>

namespace godwit::base {

/// Names an object that lives in a `slab` without owning it. It may outlive the object: looking it
/// up then finds nothing, also when the place has been given to another object meanwhile. A
/// default-constructed handle names nothing. `Tag` tells kinds of handles apart; it may be an
/// incomplete type.
template <class Tag>
struct handle {
  std::uint32_t index = 0;
  /// Odd in every handle that was ever handed out, so zero means "none".
  std::uint32_t generation = 0;

  [[nodiscard]] constexpr explicit operator bool() const noexcept { return generation != 0; }
  friend constexpr bool operator==(const handle&, const handle&) noexcept = default;
};

}  // namespace godwit::base

template <class Tag>
struct std::hash<godwit::base::handle<Tag>> {
  std::size_t operator()(const godwit::base::handle<Tag>& h) const noexcept {
    return std::hash<std::uint64_t>{}((std::uint64_t{h.generation} << 32) | h.index);
  }
};
