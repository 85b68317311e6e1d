#include "config/schema.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <filesystem>
#include <fstream>
#include <map>
#include <string>
#include <string_view>
#include <vector>

/// docs/limits.md has a row for every limit of the configuration, with its default.

namespace godwit::config {
namespace {

/// Limits that their name does not tell.
constexpr std::array named_otherwise{
    "backlog",
    "memory_limit",
    "connect_rate.burst",
    "authentication.cache_entries",
    "authentication.failures_free",
    "session.expiry",
    "session.slow_subscriber.high_water",
    "session.takeover_window",
    "store.low_disk",
    "store.low_disk_hold",
    "store.queue_memory",
    "tuning.files_reserved",
    "tuning.mail_credit",
    "tuning.topic_cache_entries",
    "tuning.retained_page_messages",
    "tuning.retained_page_bytes",
};

bool is_limit(std::string_view path) {
  const std::string_view name = leaf(path);
  for (const std::string_view end : {"_max", "_maximum", "timeout", "_per_turn"}) {
    if (name.ends_with(end)) return true;
  }
  return std::ranges::find(named_otherwise, path) != named_otherwise.end();
}

/// The first two cells of each row that begins with a key: the key, and the default.
std::map<std::string, std::string> rows() {
  std::ifstream page(std::filesystem::path{GODWIT_SOURCE_DIR} / "docs/limits.md");
  EXPECT_TRUE(page);
  std::map<std::string, std::string> all;
  for (std::string line; std::getline(page, line);) {
    if (!line.starts_with("| `")) continue;
    const auto end = line.find("` | `", 3);
    const auto end_of_default = line.find("` |", end + 5);
    if (end == std::string::npos || end_of_default == std::string::npos) continue;
    const std::string key = line.substr(3, end - 3);
    EXPECT_TRUE(all.emplace(key, line.substr(end + 5, end_of_default - end - 5)).second)
        << key << " comes twice";
  }
  return all;
}

template <class Keys>
void expect_rows(const Keys& keys, const std::string& prefix,
                 std::map<std::string, std::string>& found) {
  for (const auto& k : keys) {
    const auto at = found.find(prefix + k.path);
    if (at == found.end()) {
      EXPECT_FALSE(is_limit(k.path)) << prefix << k.path << " is missing in docs/limits.md";
      continue;
    }
    EXPECT_EQ(at->second, k.usual) << at->first << ": the default in docs/limits.md";
    found.erase(at);
  }
}

TEST(LimitsPage, HasEveryLimitWithItsDefault) {
  auto found = rows();
  expect_rows(listener_keys(), "listeners[].", found);
  expect_rows(broker_keys(), "", found);
  for (const auto& [key, usual] : found) ADD_FAILURE() << key << " is no key";
}

TEST(LimitsPage, NamesOnlyKeysThatExist) {
  std::vector<std::string> all;
  for (const auto& k : broker_keys()) all.push_back(k.path);
  for (const auto& k : listener_keys()) all.push_back(k.path);
  for (const char* path : named_otherwise) EXPECT_THAT(all, ::testing::Contains(path));
}

}  // namespace
}  // namespace godwit::config
