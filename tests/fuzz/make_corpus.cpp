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
      {"pubrel-properties", "62 08 00 01 92 04 1F 00 01 61"},
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

/// Programs for fuzz_engine.cpp, which explains the codes. Two bytes choose the broker: one shard
/// and a store that is at once durable is 01, three shards and a store that waits 04.
void write_engine(const seed_directory& seeds) {
  const std::pair<const char*, const char*> programs[] = {
      {"qos-1-and-2",
       "02 08 12 09 0C 04 24 0C 15 09 00 05 15 12 01 05 0C 0D 0C 1D 0C 0D 0C 1D 0C 0D 0C"},
      {"persistent-offline",
       "02 00 0C 04 10 0C 47 0C 12 09 15 08 00 09 15 11 01 09 0C 02 00 0C 0D"},
      {"retained", "02 09 05 40 05 05 49 01 05 0C 12 0A 14 04 14 14 0C 1D 05 40 00 0C 1D"},
      {"will-and-loss", "02 29 51 0C 12 0A 14 24 0C 48 0C 1D 0C 1D 0C"},
      {"shared-group",
       "02 00 12 01 22 0A 04 18 14 18 0C 25 08 01 05 25 08 02 05 25 11 03 05 0C 0D 0C 47 0C 1D 0C"},
      {"takeover", "02 00 04 10 0C 12 00 0C 22 0A 25 08 01 03 0C 1D 0C 0D"},
      {"crash-in-between",
       "02 00 12 01 0B 00 1B 00 2B 00 0A 04 24 15 11 01 05 0B 00 1B 00 0A 2B 00 1B 01 0F 02 00 0C "
       "12 01 1C 15 91 01 05 0C 0D 0C 1D"},
      {"restart", "02 20 21 04 24 0C 12 01 15 09 01 05 0C 5F 02 00 0C 0D"},
      {"small-turns-and-credit",
       "02 09 12 0A 04 04 0C 15 00 05 0B 00 1B 00 CB 01 9B 00 15 09 01 05 0C"},
      {"keep-alive-and-silence", "00 02 19 0C 59 0C 0C 07 47 59 59 0C"},
      {"stalled-reader", "02 0A 04 04 0C 4E 12 09 15 08 00 3F 15 00 3F 15 08 01 3F 0C 49 69 0C"},
      {"v31-repetition", "02 04 12 0D 04 14 0C 15 08 01 05 0C 29 0C 39 0C 49 0C"},
      {"raw-bytes",
       "00 01 0E 10 0C 00 04 4D 51 54 54 04 02 00 3C 00 00 0C 01 06 C0 00 30 03 00 01 0C 01 01 61"},
      {"level-5", "00 01 0F 10 0D 00 04 4D 51 54 54 05 02 00 3C 00 00 00 0C"},
      {"five-there-and-back",
       "02 80 05 12 81 05 0C 04 24 13 0C 15 09 03 01 05 0C 0D 0C 15 11 04 02 05 0C 0D 0C 15 09 84 "
       "03 05 0C 0D 0C"},
      {"five-offline-and-expiry",
       "02 80 02 0C 04 14 10 0C 07 12 81 00 0C 15 08 02 01 05 15 08 03 02 05 0C 39 02 80 03 0C 0D "
       "0C 0D 0C"},
      {"five-will-delay", "02 A0 91 02 12 81 00 0C 14 24 00 0C 08 0C 49 0C 1D 02 80 02 0C"},
      {"five-retained", "02 80 00 05 40 02 05 05 41 03 05 0C 12 81 05 14 04 1F 0C 1D 39 59 0C"},
      {"five-no-local", "02 80 00 04 24 11 0C 05 09 01 01 05 05 00 00 05 0C 0D 0C"},
      {"unknown-acks", "02 08 0C 06 00 06 01 06 02 06 03 0C 06 3F 0C"},
      {"unsubscribe", "02 00 04 34 04 14 0C 04 34 0C 07"},
      {"queue-limits",
       "02 00 04 14 0C 47 12 09 15 08 01 3F 15 08 02 3F 15 08 03 3F 15 08 04 3F 0C 02 00 0C 0D 0C"},
  };
  for (const auto& [name, code] : programs) {
    seeds.add(std::string{name} + "-1", hex("01 00 " + std::string{code}));
    seeds.add(std::string{name} + "-3", hex("74 F5 " + std::string{code}));
  }
}

void write_retained(const seed_directory& seeds) {
  seeds.add("set-and-walk", hex("10 01 00 10 03 00 02 01 18 03 00 02 00 05 01 05 0D 03 04 02 05"));
  seeds.add("clear-and-forget", hex("10 01 00 00 01 00 3A 01 00 10 01 00 04 2C 10 01 00 03 01 00"));
  seeds.add("dollar", hex("10 02 03 00 10 01 02 05 01 05 05 03 03 02 05 05 01 04 05 03 03 00 02"));
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
  write_engine(seed_directory{corpus / "fuzz_engine"});
  write_retained(seed_directory{corpus / "fuzz_retained"});
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
