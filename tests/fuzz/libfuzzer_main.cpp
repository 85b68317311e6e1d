#include <godwit/base/bytes.hpp>

#include <cstddef>
#include <cstdint>

namespace godwit::fuzz {
void GODWIT_FUZZ_TARGET(base::bytes_view input);
}  // namespace godwit::fuzz

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  godwit::fuzz::GODWIT_FUZZ_TARGET({reinterpret_cast<const std::byte*>(data), size});
  return 0;
}
