#include "decode_stream.hpp"

namespace godwit::fuzz {

void fuzz_decode_v5(base::bytes_view input);

void fuzz_decode_v5(base::bytes_view input) {
  decode_stream(input, mqtt::protocol_version::v5);
}

}  // namespace godwit::fuzz
