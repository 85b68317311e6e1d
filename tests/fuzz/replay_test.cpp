#include "support/random_source.hpp"

#include <godwit/base/bytes.hpp>

#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>

/// Runs every fuzz target over its committed corpus, and over mutations that depend on a fixed seed
/// alone. A target that finds something wrong aborts.

namespace godwit::fuzz {

#define GODWIT_FUZZ_TARGET(name, mutations) void name(base::bytes_view input);
#include "fuzz_targets.inc"
#undef GODWIT_FUZZ_TARGET

namespace {

struct target {
  const char* name;
  void (*run)(base::bytes_view);
  int mutations;
};

constexpr target targets[] = {
#define GODWIT_FUZZ_TARGET(name, mutations) {#name, &name, mutations},
#include "fuzz_targets.inc"
#undef GODWIT_FUZZ_TARGET
};

constexpr std::size_t input_size_max = 4096;

base::bytes read_file(const std::filesystem::path& path) {
  std::ifstream file{path, std::ios::binary};
  const std::string text{std::istreambuf_iterator<char>{file}, {}};
  const auto bytes = base::as_bytes(text);
  return {bytes.begin(), bytes.end()};
}

std::vector<base::bytes> read_corpus(const std::string& name) {
  std::vector<std::filesystem::path> paths;
  const std::filesystem::path directory = std::filesystem::path{GODWIT_FUZZ_CORPUS} / name;
  for (const auto& entry : std::filesystem::directory_iterator{directory}) {
    paths.push_back(entry.path());
  }
  std::sort(paths.begin(), paths.end());  // The same order on every machine.
  std::vector<base::bytes> corpus;
  for (const auto& path : paths) corpus.push_back(read_file(path));
  return corpus;
}

/// One small change: a bit, a byte, a cut, a repeated piece, or the tail of another input.
void mutate(base::bytes& input, const base::bytes& other, test::random_source& random) {
  if (input.empty()) input.push_back(std::byte{0});
  const auto at = static_cast<std::ptrdiff_t>(random.below(input.size()));
  const auto place = input.begin() + at;
  switch (random.below(7)) {
    case 0:
      *place ^= static_cast<std::byte>(1U << random.below(8));
      return;
    case 1:
      *place = static_cast<std::byte>(random.next());
      return;
    case 2: {
      static constexpr unsigned edges[] = {0x00, 0x01, 0x7F, 0x80, 0xFF, '#', '+', '/', '$'};
      *place = static_cast<std::byte>(edges[random.below(std::size(edges))]);
      return;
    }
    case 3:
      input.erase(place, input.end());
      return;
    case 4:
      input.erase(place);
      return;
    case 5: {
      const base::bytes piece(place,
                              input.begin() + std::min<std::ptrdiff_t>(at + 8, std::ssize(input)));
      input.insert(place, piece.begin(), piece.end());
      return;
    }
    default:
      if (other.empty()) return;
      input.erase(place, input.end());
      input.insert(input.end(),
                   other.begin() + static_cast<std::ptrdiff_t>(random.below(other.size())),
                   other.end());
  }
}

class Replay : public ::testing::TestWithParam<target> {};

TEST_P(Replay, CorpusPasses) {
  const auto corpus = read_corpus(GetParam().name);
  EXPECT_FALSE(corpus.empty());
  for (const base::bytes& input : corpus) GetParam().run(input);
  GetParam().run({});
}

TEST_P(Replay, MutatedCorpusPasses) {
  const auto corpus = read_corpus(GetParam().name);
  ASSERT_FALSE(corpus.empty());
  test::random_source random{1};
  for (int i = 0; i < GetParam().mutations; ++i) {
    base::bytes input = corpus[random.below(corpus.size())];
    for (std::size_t changes = 1 + random.below(4); changes > 0; --changes) {
      mutate(input, corpus[random.below(corpus.size())], random);
    }
    if (input.size() > input_size_max) input.resize(input_size_max);
    GetParam().run(input);
  }
}

INSTANTIATE_TEST_SUITE_P(Targets, Replay, ::testing::ValuesIn(targets),
                         [](const auto& param) { return std::string{param.param.name}; });

}  // namespace
}  // namespace godwit::fuzz
