#include "crc32c.hpp"

#include <array>
#include <cstring>

namespace godwit::store_rocksdb {
namespace {

using table = std::array<std::array<std::uint32_t, 256>, 8>;

consteval table make_tables() {
  table t{};
  for (std::uint32_t i = 0; i < 256; ++i) {
    std::uint32_t c = i;
    for (int bit = 0; bit < 8; ++bit) c = (c & 1U) != 0 ? (c >> 1U) ^ 0x82F6'3B78U : c >> 1U;
    t[0][i] = c;
  }
  for (std::uint32_t i = 0; i < 256; ++i) {
    for (std::size_t k = 1; k < 8; ++k) {
      t[k][i] = (t[k - 1][i] >> 8U) ^ t[0][t[k - 1][i] & 0xFFU];
    }
  }
  return t;
}

constexpr table tables = make_tables();

std::uint64_t load(const char* from) noexcept {
  std::uint64_t word = 0;
  std::memcpy(&word, from, sizeof word);
  return word;  // little-endian on every machine that Debian's packages of RocksDB support fully
}

std::uint32_t one_byte(std::uint32_t c, char byte) noexcept {
  return (c >> 8U) ^ tables[0][(c ^ static_cast<unsigned char>(byte)) & 0xFFU];
}

#if defined(__x86_64__)
__attribute__((target("sse4.2"))) std::uint32_t with_instruction(const char* p, std::size_t size,
                                                                 std::uint32_t start) noexcept {
  std::uint64_t c = start;
  for (; size >= 8; size -= 8, p += 8) c = __builtin_ia32_crc32di(c, load(p));
  auto c32 = static_cast<std::uint32_t>(c);
  for (; size > 0; --size, ++p) {
    c32 = __builtin_ia32_crc32qi(c32, static_cast<unsigned char>(*p));
  }
  return c32;
}
#endif

}  // namespace

std::uint32_t crc32c_portable(std::string_view bytes, std::uint32_t before) noexcept {
  std::uint32_t c = ~before;
  const char* p = bytes.data();
  std::size_t size = bytes.size();
  for (; size >= 8; size -= 8, p += 8) {
    const std::uint64_t w = load(p) ^ c;
    c = tables[7][w & 0xFFU] ^ tables[6][(w >> 8U) & 0xFFU] ^ tables[5][(w >> 16U) & 0xFFU] ^
        tables[4][(w >> 24U) & 0xFFU] ^ tables[3][(w >> 32U) & 0xFFU] ^
        tables[2][(w >> 40U) & 0xFFU] ^ tables[1][(w >> 48U) & 0xFFU] ^ tables[0][w >> 56U];
  }
  for (; size > 0; --size, ++p) c = one_byte(c, *p);
  return ~c;
}

std::uint32_t crc32c(std::string_view bytes, std::uint32_t before) noexcept {
#if defined(__x86_64__)
  if (__builtin_cpu_supports("sse4.2")) {
    return ~with_instruction(bytes.data(), bytes.size(), ~before);
  }
#endif
  return crc32c_portable(bytes, before);
}

}  // namespace godwit::store_rocksdb
