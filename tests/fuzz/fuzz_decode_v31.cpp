#include "decode_stream.hpp"

namespace godwit::fuzz {

void fuzz_decode_v31(base::bytes_view input);

void fuzz_decode_v31(base::bytes_view input) {
  decode_stream(input, mqtt::protocol_version::v31);
}

}  // namespace godwit::fuzz
