#include "describe.hpp"
#include "opened_store.hpp"
#include "random_batches.hpp"
#include "records.hpp"
#include "temporary_directory.hpp"

#include <godwit/store_rocksdb/tools.hpp>

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

namespace godwit::test {
namespace {

using store_rocksdb::open_error;
using store_rocksdb::open_failed;

/// Closed again; returns what it holds.
std::string fill(const std::string& directory) {
  random_batches batches{3};
  {
    opened_store s{small_options(directory)};
    for (int i = 0; i < 100; ++i) std::ignore = s->submit(batches.next());
  }
  opened_store s{small_options(directory)};
  return describe(*s);
}

TEST(StoreTools, CountWhatIsThere) {
  const temporary_directory d;
  const std::string directory = d / "s";
  {
    opened_store s{small_options(directory)};
    s.commit({opening(1), opening(2), entry(1, 1, 1, "x"), entry(2, 1, 1, "x"),
              store::subscribed{store::session_number{1}, "a/#"},
              store::qos2_received{store::session_number{1}, mqtt::packet_id{1}}});
  }
  const auto found = store_rocksdb::stats(directory);
  EXPECT_EQ(found.sessions, 2U);
  EXPECT_EQ(found.entries, 2U);
  EXPECT_EQ(found.bodies, 1U);
  EXPECT_EQ(found.subscriptions, 1U);
  EXPECT_EQ(found.qos2_ids, 1U);
  EXPECT_EQ(found.uuid.size(), 36U);
  EXPECT_GT(found.disk_bytes, found.journal_bytes);
}

TEST(StoreTools, FindASoundStoreSound) {
  const temporary_directory d;
  std::ignore = fill(d / "s");
  const auto report = store_rocksdb::verify(d / "s");
  EXPECT_TRUE(report.damage.empty()) << report.damage.text();
  EXPECT_FALSE(report.torn_tail);
}

TEST(StoreTools, BackUpAStoppedStoreAndRestoreIt) {
  const temporary_directory d;
  const std::string before = fill(d / "s");
  store_rocksdb::backup(d / "s", d / "backup");
  store_rocksdb::restore(d / "backup", d / "again");
  opened_store s{small_options(d / "again")};
  EXPECT_EQ(describe(*s), before);
}

TEST(StoreTools, BackUpARunningStore) {
  const temporary_directory d;
  opened_store s{small_options(d / "s")};
  std::ignore = describe(*s);
  s.commit({opening(1)});
  for (std::uint64_t i = 1; i <= 300; ++i) {
    std::ignore = s->submit({entry(1, i, i, std::string(500, 'x'))});
    if (i == 150) {
      ASSERT_TRUE(s.commit({opening(2)}));
      s->backup(d / "backup");
    }
  }
  const auto report = store_rocksdb::verify(d / "backup");
  EXPECT_TRUE(report.damage.empty()) << report.damage.text();
  EXPECT_GE(report.stats.entries, 150U);
  EXPECT_EQ(report.stats.sessions, 2U);
}

TEST(StoreTools, RefuseWhatTheyShould) {
  const temporary_directory d;
  const auto why = [](auto&& call) {
    try {
      call();
    } catch (const open_failed& e) {
      return e.why();
    }
    return open_error{};
  };
  EXPECT_EQ(why([&] { std::ignore = store_rocksdb::stats(d / "none"); }), open_error::not_a_store);
  std::ignore = fill(d / "s");
  {
    opened_store s{small_options(d / "s")};
    EXPECT_EQ(why([&] { std::ignore = store_rocksdb::verify(d / "s"); }), open_error::in_use);
  }
  store_rocksdb::backup(d / "s", d / "backup");
  EXPECT_EQ(why([&] { store_rocksdb::backup(d / "s", d / "backup"); }), open_error::io);
  EXPECT_EQ(why([&] { store_rocksdb::restore(d / "backup", d / "s"); }), open_error::io);
  std::filesystem::remove(d / "backup/db/CURRENT");
  EXPECT_EQ(why([&] { store_rocksdb::restore(d / "backup", d / "other"); }), open_error::damaged);
}

}  // namespace
}  // namespace godwit::test
