#include "describe.hpp"
#include "opened_store.hpp"
#include "records.hpp"
#include "temporary_directory.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <set>

namespace godwit::test {
namespace {

std::uint64_t size_of(const std::filesystem::path& directory) {
  std::uint64_t bytes = 0;
  for (const auto& f : std::filesystem::recursive_directory_iterator{directory}) {
    std::error_code gone;
    const std::uint64_t size = f.is_regular_file(gone) ? f.file_size(gone) : 0;
    if (!gone) bytes += size;
  }
  return bytes;
}

/// Everything a hundredth of its size, so that a second of churn does what minutes do.
store_rocksdb::options tiny(const temporary_directory& d) {
  store_rocksdb::options o = small_options(d / "s");
  o.garbage = {.start_bytes = 512U << 10U, .live_factor = 3, .step_bytes = 16U << 10U};
  o.write_buffer_bytes = 128U << 10U;
  o.wal_bytes_max = 256U << 10U;
  return o;
}

class GarbageCollection : public ::testing::TestWithParam<std::uint64_t> {};

TEST_P(GarbageCollection, KeepsTheDiskWithinItsBound) {
  const std::uint64_t per_cent_kept = GetParam();
  const temporary_directory d;
  std::set<std::uint64_t> kept;
  std::uint64_t worst_excess = 0;
  std::uint64_t live = 0;
  {
    opened_store s{tiny(d)};
    s.commit({opening(1)});
    for (std::uint64_t i = 1; i <= 20'000; ++i) {
      store::batch b{entry(1, i, i, std::string(300, 'x'))};
      if (i * 2654435761U % 100 < per_cent_kept && kept.size() < 1'500) {
        kept.insert(i);
      } else {
        b.emplace_back(removal(1, i));
      }
      const store::ticket t = s->submit(std::move(b));
      if (i % 100 != 0) continue;
      ASSERT_TRUE(s.wait_until([&] { return s->durable() >= t; }));
      if (i % 500 != 0) continue;
      live = s->read_gauges().live_bytes;
      const std::uint64_t disk = size_of(d.path());
      worst_excess = std::max(worst_excess, disk > 4 * live ? disk - 4 * live : 0);
    }
    EXPECT_GE(live, kept.size() * 300);
    EXPECT_LE(live, kept.size() * 380 + 1'000);
  }
  // The bound of 128 MB, with thresholds of a hundredth.
  EXPECT_LE(worst_excess, 1'600U << 10U);
  opened_store s{tiny(d)};
  struct checker final : store::recovery_visitor {
    std::vector<std::uint64_t> positions;
    void on_session(store::restored_session r) override {
      for (const auto& e : r.entries) positions.push_back(e.position.value());
      EXPECT_EQ(r.next_position.value(), 20'001U);
    }
    void on_will(store::restored_will /*none*/) override {}
    void on_retained(base::ref<const mqtt::message> /*none*/) override {}
  } found;
  std::ignore = s->recover(found);
  EXPECT_TRUE(std::equal(found.positions.begin(), found.positions.end(), kept.begin(), kept.end()));
}

INSTANTIATE_TEST_SUITE_P(NeverAcknowledged, GarbageCollection, ::testing::Values(0, 2, 10));

TEST(GarbageCollectionEnd, IsReachedWithoutNewRecords) {
  const temporary_directory d;
  store_rocksdb::options o = tiny(d);
  o.garbage.start_bytes = 10'000;
  opened_store s{o};
  s.commit({opening(1)});
  store::batch all;
  for (std::uint64_t i = 1; i <= 1'000; ++i) all.emplace_back(entry(1, i, i, std::string(99, 'x')));
  s.commit(std::move(all));
  for (std::uint64_t i = 1; i <= 1'000; ++i) std::ignore = s->submit({removal(1, i)});
  s.commit({opening(2)});
  EXPECT_TRUE(s.wait_until([&] { return s->read_gauges().journal_bytes < 12'000; }));
}

/// A step looks at each entry of the chunks that it cleans, however short they are on disk.
TEST(GarbageCollectionOfMessagesForManySessions, TakesAsManyStepsAsIfEntriesWereLong) {
  constexpr std::uint64_t sessions = 1'000;
  constexpr std::uint64_t chunks = 40;
  const temporary_directory d;
  store_rocksdb::options o = tiny(d);
  o.garbage.start_bytes = 100U << 10U;
  opened_store s{o};
  store::batch all;
  for (std::uint64_t i = 1; i <= sessions; ++i) all.emplace_back(opening(i));
  s.commit(std::move(all));
  for (std::uint64_t n = 1; n <= chunks; ++n) {
    store::batch copies{entry(1, n, n, "x")};
    for (std::uint64_t i = 2; i <= sessions; ++i) {
      store::enqueued copy = std::get<store::enqueued>(copies.front());
      copy.session = store::session_number{i};
      copies.emplace_back(copy);
    }
    s.commit(std::move(copies));
  }
  const auto full = s->read_gauges();
  EXPECT_LE(full.journal_bytes, chunks * sessions * 4);
  EXPECT_LE(full.live_bytes, full.journal_bytes);
  EXPECT_GE(full.live_bytes, full.journal_bytes * 9 / 10);

  store::batch ends;
  for (std::uint64_t i = 1; i <= sessions; ++i) {
    ends.emplace_back(store::session_ended{store::session_number{i}});
  }
  s.commit(std::move(ends));
  // 26,000 bytes in full are above a step of 16 KiB: each takes one of its own.
  ASSERT_TRUE(s.wait_until([&] { return s->read_gauges().journal_bytes < 4 * sessions * 4; }));
  EXPECT_GE(s->read_gauges().commits - full.commits, chunks - 5);
}

}  // namespace
}  // namespace godwit::test
