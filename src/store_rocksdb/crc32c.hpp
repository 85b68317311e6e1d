#pragma once

#include <godwit/base/bytes.hpp>

#include <cstdint>
#include <string_view>

namespace godwit::store_rocksdb {

/// CRC-32C (Castagnoli) of `bytes`, continued from that of the bytes before them.
[[nodiscard]] std::uint32_t crc32c(std::string_view bytes, std::uint32_t before = 0) noexcept;
/// The same without the processor's instruction, for the test of both.
[[nodiscard]] std::uint32_t crc32c_portable(std::string_view bytes,
                                            std::uint32_t before = 0) noexcept;

}  // namespace godwit::store_rocksdb
