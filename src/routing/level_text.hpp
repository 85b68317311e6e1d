#pragma once

#include <godwit/base/assert.hpp>

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string_view>

namespace godwit::routing {

/// The text of one topic level in 16 bytes: up to 15 in place, a longer one on the heap.
class level_text {
 public:
  level_text() noexcept = default;
  ~level_text() { clear(); }
  level_text(const level_text&) = delete;
  level_text& operator=(const level_text&) = delete;

  void assign(std::string_view text) {
    clear();
    if (text.size() <= short_max) {
      if (!text.empty()) std::memcpy(raw_, text.data(), text.size());
      raw_[short_max] = static_cast<char>(text.size());
      return;
    }
    const auto size = static_cast<std::uint32_t>(text.size());
    GODWIT_ASSERT(size == text.size());
    char* const copy = new char[size];
    std::memcpy(copy, text.data(), size);
    std::memcpy(raw_, &copy, sizeof copy);
    std::memcpy(raw_ + sizeof copy, &size, sizeof size);
    raw_[short_max] = long_mark;
  }
  void clear() noexcept {
    if (is_long()) delete[] pointer();
    raw_[short_max] = 0;
  }

  [[nodiscard]] std::string_view view() const noexcept {
    if (!is_long()) return {raw_, static_cast<std::size_t>(raw_[short_max])};
    return {pointer(), long_size()};
  }
  /// Bytes beyond the object itself.
  [[nodiscard]] std::size_t memory_size() const noexcept { return is_long() ? long_size() : 0; }

 private:
  static constexpr std::size_t short_max = 15;
  static constexpr char long_mark = 127;

  [[nodiscard]] bool is_long() const noexcept { return raw_[short_max] == long_mark; }
  [[nodiscard]] char* pointer() const noexcept {
    char* p;
    std::memcpy(&p, raw_, sizeof p);
    return p;
  }
  [[nodiscard]] std::size_t long_size() const noexcept {
    std::uint32_t size;
    std::memcpy(&size, raw_ + sizeof(char*), sizeof size);
    return size;
  }

  char raw_[short_max + 1] = {};
};
static_assert(sizeof(level_text) == 16);

}  // namespace godwit::routing
