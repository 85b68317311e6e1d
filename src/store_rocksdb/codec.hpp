#pragma once

#include <godwit/base/assert.hpp>
#include <godwit/base/bytes.hpp>
#include <godwit/base/checked_cast.hpp>

#include <array>
#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>

/// Big-endian integers in strings, which is what RocksDB takes.

namespace godwit::store_rocksdb {

template <class T>
char* put_integer(char* to, T value) noexcept {
  for (std::size_t i = 0; i < sizeof(T); ++i) {
    to[i] = static_cast<char>(static_cast<std::uint64_t>(value) >> (8 * (sizeof(T) - 1 - i)));
  }
  return to + sizeof(T);
}

/// Appends all of them at once.
template <class... Ts>
void append_integers(std::string& to, Ts... values) {
  std::array<char, (sizeof(Ts) + ...)> buffer;
  char* at = buffer.data();
  ((at = put_integer(at, values)), ...);
  to.append(buffer.data(), buffer.size());
}

/// Appends the way from one number to another: the smaller, the shorter. Zigzag, then 7 bits a
/// byte, the lowest first; all bytes but the last have their highest bit set.
inline void append_difference(std::string& to, std::uint64_t from, std::uint64_t number) {
  const std::uint64_t way = number - from;
  const std::uint64_t sign = way >> 63U;
  std::uint64_t rest = way << 1U ^ (0 - sign);
  for (; rest > 0x7F; rest >>= 7U) to.push_back(static_cast<char>(rest | 0x80U));
  to.push_back(static_cast<char>(rest));
}

inline std::string key_of(std::uint64_t number) {
  std::string key;
  append_integers(key, number);
  return key;
}

/// Reads what was written; a read past the end gives zeros and is remembered.
class byte_reader {
 public:
  explicit byte_reader(std::string_view bytes) noexcept : bytes_{bytes} {}

  template <class T>
  [[nodiscard]] T integer() noexcept {
    if (bytes_.size() - at_ < sizeof(T)) {
      fail();
      return T{};
    }
    std::uint64_t value = 0;
    for (std::size_t i = 0; i < sizeof(T); ++i) {
      value = value << 8U | static_cast<unsigned char>(bytes_[at_ + i]);
    }
    at_ += sizeof(T);
    return static_cast<T>(value);
  }
  /// The number that `append_difference` was given.
  [[nodiscard]] std::uint64_t number_from(std::uint64_t from) noexcept {
    std::uint64_t rest = 0;
    for (unsigned shift = 0; shift < 64; shift += 7) {
      const auto byte = integer<std::uint8_t>();
      rest |= static_cast<std::uint64_t>(byte & 0x7FU) << shift;
      if (byte <= 0x7F) return from + (rest >> 1U ^ (0 - (rest & 1U)));
    }
    fail();
    return 0;
  }
  [[nodiscard]] std::string_view text(std::size_t size) noexcept {
    if (bytes_.size() - at_ < size) {
      fail();
      return {};
    }
    at_ += size;
    return bytes_.substr(at_ - size, size);
  }
  [[nodiscard]] std::string_view rest() noexcept { return text(bytes_.size() - at_); }
  void fail() noexcept {
    ok_ = false;
    at_ = bytes_.size();
  }

  [[nodiscard]] std::size_t offset() const noexcept { return at_; }
  [[nodiscard]] bool at_end() const noexcept { return at_ == bytes_.size(); }
  [[nodiscard]] bool ok() const noexcept { return ok_; }

 private:
  std::string_view bytes_;
  std::size_t at_ = 0;
  bool ok_ = true;
};

}  // namespace godwit::store_rocksdb
