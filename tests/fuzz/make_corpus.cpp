#include "support/random_packet.hpp"
#include "unit/mqtt/raw_packet.hpp"

#include <godwit/mqtt/encode.hpp>
#include <godwit/mqtt/frame_reader.hpp>

#include <cstdio>
#include <filesystem>
#include <fstream>
#include <string>

/// Writes the seeds of the codec's fuzz targets: `fuzz_make_corpus tests/fuzz/corpus`. They depend
/// on nothing but this file, so that running it again changes nothing.

namespace godwit::fuzz {
namespace {

using codec_test::hex;
using mqtt::protocol_version;

class seed_directory {
 public:
  explicit seed_directory(std::filesystem::path path) : path_{std::move(path)} {
    std::filesystem::create_directories(path_);
  }
  void add(const std::string& name, base::bytes_view bytes) const {
    std::ofstream file{path_ / name, std::ios::binary};
    const auto text = base::as_text(bytes);
    file.write(text.data(), static_cast<std::streamsize>(text.size()));
  }
  void add(const std::string& name, std::string_view text) const {
    add(name, base::as_bytes(text));
  }

 private:
  std::filesystem::path path_;
};

bool may_send(mqtt::sender from, unsigned type) {
  const auto first = base::bytes{static_cast<std::byte>(type << 4U)};
  const auto source =
      from == mqtt::sender::client ? mqtt::frame_source::client : mqtt::frame_source::server;
  const auto frame = mqtt::next_frame(first, protocol_version::v5, source, 0xFFFF);
  return frame.has_value() || frame.error().code == mqtt::reason_code::malformed_packet;
}

/// Streams of one to five packets per side, and every packet type alone.
void write_streams(const seed_directory& seeds, protocol_version v) {
  for (const auto from : {mqtt::sender::client, mqtt::sender::server}) {
    const std::string side = from == mqtt::sender::client ? "client-" : "server-";
    for (std::uint64_t seed = 1; seed <= 12; ++seed) {
      test::random_packet random{seed};
      base::bytes stream;
      for (std::uint64_t i = 0; i <= seed % 5; ++i) mqtt::encode(random.make(v, from), v, stream);
      if (stream.size() > 1500) continue;
      seeds.add(side + std::to_string(seed), stream);
    }
    const unsigned types = v == protocol_version::v5 ? 15 : 14;
    for (unsigned type = 1; type <= types; ++type) {
      if (!may_send(from, type)) continue;
      test::random_packet random{type};
      base::bytes packet;
      mqtt::encode(random.make(static_cast<mqtt::packet_type>(type), v, from), v, packet);
      if (packet.size() > 1500) continue;
      seeds.add(side + "type-" + std::to_string(type), packet);
    }
  }
}

/// Input that broke other decoders.
void write_hostile(const seed_directory& seeds) {
  const std::pair<const char*, const char*> packets[] = {
      {"length-five-bytes", "30 FF FF FF FF 7F"},
      {"length-overlong", "C0 80 00"},
      {"length-overflow-smuggling", "30 80 80 80 80 01 C0 00"},
      {"publish-shorter-than-topic", "30 03 00 0A 61"},
      {"publish-topic-past-end", "30 06 FF FF 61 61 61 61"},
      {"publish-empty-topic", "30 02 00 00"},
      {"publish-null-topic", "30 05 00 03 61 00 62"},
      {"publish-bad-utf8", "30 04 00 02 C3 28"},
      {"publish-surrogates", "30 08 00 06 ED A0 BD ED B8 80"},
      {"publish-id-0", "32 05 00 01 61 00 00"},
      {"publish-inner-length-past-block", "30 0A 00 01 61 03 03 00 05 61 62 63"},
      {"publish-alias", "30 06 00 00 03 23 00 01"},
      {"subscribe-truncated", "82 05 00 01 00 05 61"},
      {"subscribe-share", "82 0C 00 01 00 24 73 68 61 72 65 2F 61 62"},
      {"subscribe-identifier-5-bytes", "82 0C 00 01 06 0B FF FF FF FF 7F 00 01 61 00"},
      {"suback-empty", "90 02 00 01"},
      {"connack-from-client", "20 02 00 00"},
      {"type-0", "00 00"},
      {"type-15", "F0 00"},
      {"connect-no-client-id", "10 0A 00 04 4D 51 54 54 04 02 00 3C"},
      {"connect-31-missing-user", "10 11 00 06 4D 51 49 73 64 70 03 82 00 3C 00 03 61 62 63"},
      {"connect-31-will-bits", "10 11 00 06 4D 51 49 73 64 70 03 3A 00 3C 00 03 61 62 63"},
      {"connect-31-unannounced-user",
       "10 14 00 06 4D 51 49 73 64 70 03 02 00 3C 00 03 61 62 63 00 01 75"},
      {"connect-311-then-ping", "10 0E 00 04 4D 51 54 54 04 02 00 3C 00 02 69 64 C0 00"},
      {"connect-5-properties",
       "10 17 00 04 4D 51 54 54 05 02 00 3C 08 11 00 00 00 0A 21 00 05 00 02 69 64"},
      {"connect-bridge-level", "10 0E 00 04 4D 51 54 54 84 02 00 3C 00 02 69 64"},
  };
  for (const auto& [name, digits] : packets) seeds.add(name, hex(digits));
}

void write_topics(const seed_directory& seeds) {
  const char* pairs[] = {"#\na/b",
                         "+/b\na/b",
                         "a/#\na",
                         "a/+/c\na/b/c",
                         "#\n$SYS/x",
                         "$SYS/#\n$SYS/x",
                         "+/+\n/finance",
                         "$share/g/a/#\na",
                         "$share//a\na",
                         "$share/g+/a\na",
                         "a#\na",
                         "a/#/b\na",
                         "a+\nab",
                         "////\n////",
                         "a/+\na/",
                         "\n",
                         "$share/g/\nx",
                         "+/#\na",
                         "\xC3\xA9/+\n\xC3\xA9/x",
                         "/+/#\n//"};
  int number = 0;
  for (const char* pair : pairs) seeds.add("pair-" + std::to_string(++number), pair);
}

void write_properties(const seed_directory& seeds) {
  for (unsigned owner = 0; owner < 14; ++owner) {
    for (const auto from : {mqtt::sender::client, mqtt::sender::server}) {
      test::random_packet random{owner + 100};
      base::bytes input;
      input.push_back(static_cast<std::byte>(owner + (from == mqtt::sender::server ? 140 : 0)));
      for (int tries = 0; tries < 20 && input.size() < 8; ++tries) {
        const auto block = random.properties(static_cast<mqtt::property_owner>(owner), from);
        input.resize(1);
        input.insert(input.end(), block.bytes().begin(), block.bytes().end());
      }
      const char* side = from == mqtt::sender::server ? "server-" : "client-";
      seeds.add(side + std::to_string(owner), input);
    }
  }
}

void write_all(const std::filesystem::path& corpus) {
  const std::pair<const char*, protocol_version> decoders[] = {
      {"fuzz_decode_v31", protocol_version::v31},
      {"fuzz_decode_v311", protocol_version::v311},
      {"fuzz_decode_v5", protocol_version::v5}};
  for (const auto& [name, version] : decoders) {
    const seed_directory seeds{corpus / name};
    write_streams(seeds, version);
    write_hostile(seeds);
  }
  write_topics(seed_directory{corpus / "fuzz_topic"});
  write_properties(seed_directory{corpus / "fuzz_properties"});
}

}  // namespace
}  // namespace godwit::fuzz

int main(int argc, char** argv) {
  if (argc != 2) {
    std::fprintf(stderr, "usage: %s corpus-directory\n", argv[0]);
    return 2;
  }
  godwit::fuzz::write_all(argv[1]);
  return 0;
}
