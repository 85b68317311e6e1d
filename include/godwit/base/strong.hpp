#pragma once

#include <compare>
#include <cstddef>
#include <functional>

namespace godwit::base {

/// A value of type T that does not mix with others of the same representation: explicit in,
/// `.value()` out. `Tag` is an incomplete struct that names the kind.
template <class T, class Tag>
class strong {
 public:
  using value_type = T;

  constexpr strong() noexcept = default;
  constexpr explicit strong(T value) noexcept : value_{value} {}

  [[nodiscard]] constexpr T value() const noexcept { return value_; }

  friend constexpr auto operator<=>(const strong&, const strong&) noexcept = default;

 private:
  T value_{};
};

}  // namespace godwit::base

template <class T, class Tag>
struct std::hash<godwit::base::strong<T, Tag>> {
  std::size_t operator()(const godwit::base::strong<T, Tag>& s) const noexcept {
    return std::hash<T>{}(s.value());
  }
};
