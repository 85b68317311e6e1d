#include "describe.hpp"
#include "files.hpp"
#include "opened_store.hpp"
#include "records.hpp"
#include "temporary_directory.hpp"

#include <gtest/gtest.h>

#include <fcntl.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include <atomic>
#include <filesystem>

namespace godwit::test {
namespace {

using store::condition;
constexpr std::uint64_t mib = std::uint64_t{1} << 20U;

TEST(StoreDisk, IsLowBelowTheThresholdAndGoodWellAbove) {
  const temporary_directory d;
  auto o = small_options(d / "s");
  o.low_disk_bytes = 100 * mib;
  o.disk_check_every = std::chrono::milliseconds{2};
  std::atomic<std::uint64_t> free{500 * mib};
  store_rocksdb::internal_options seams;
  seams.space = [&] {
    return store_rocksdb::internal_options::disk_space{free.load(), 10'000 * mib};
  };
  opened_store s{o, seams};
  EXPECT_EQ(s->state(), condition::good);
  const auto state_is = [&](condition wanted) {
    return s.wait_until([&] { return s->state() == wanted; });
  };
  free = 99 * mib;
  s.commit({opening(1)});
  EXPECT_TRUE(state_is(condition::low_disk));
  EXPECT_TRUE(s.logged("store.low_disk"));
  free = 105 * mib;
  EXPECT_TRUE(s.commit({opening(2)}));
  EXPECT_TRUE(s.commit({opening(3)}));
  EXPECT_EQ(s->state(), condition::low_disk);
  free = 120 * mib;
  s.commit({opening(4)});
  EXPECT_TRUE(state_is(condition::good));
  EXPECT_TRUE(s.logged("store.good"));
}

/// A small file system of its own; skipped where mounting is not permitted.
class StoreOnASmallDisk : public ::testing::Test {
 protected:
  void SetUp() override {
    std::filesystem::create_directory(directory_ / "disk");
    const std::string at = directory_ / "disk";
    is_mounted_ = ::mount("tmpfs", at.c_str(), "tmpfs", 0, "size=24m") == 0;
    if (!is_mounted_) GTEST_SKIP() << "mounting a tmpfs is not permitted here";
  }
  void TearDown() override {
    const std::string at = directory_ / "disk";
    if (is_mounted_) ::umount2(at.c_str(), MNT_DETACH);
  }
  [[nodiscard]] store_rocksdb::options options() {
    auto o = small_options(directory_ / "disk/s");
    o.ballast_bytes = 4 * mib;
    o.low_disk_bytes = mib;
    o.write_buffer_bytes = mib;
    o.wal_bytes_max = 2 * mib;
    return o;
  }
  /// Takes all but `left` bytes of the disk.
  void fill(std::uint64_t left) {
    const std::string file = directory_ / "disk/filler";
    const int fd = ::open(file.c_str(), O_RDWR | O_CREAT, 0600);
    const std::uint64_t free = store_rocksdb::space_of(directory_ / "disk").free;
    if (free > left) {
      struct ::stat now {};
      std::ignore = ::fstat(fd, &now);
      std::ignore = ::posix_fallocate(fd, now.st_size, static_cast<off_t>(free - left));
    }
    ::close(fd);
  }
  void empty() { std::filesystem::remove(directory_ / "disk/filler"); }

  temporary_directory directory_;
  bool is_mounted_ = false;
};

TEST_F(StoreOnASmallDisk, WaitsForSpaceAndGoesOn) {
  std::string expected;
  {
    opened_store s{options()};
    ASSERT_TRUE(s.commit({opening(1)}));
    EXPECT_EQ(s->state(), condition::good);
    fill(0);
    std::uint64_t i = 0;
    store::ticket last{};
    // Past the ballast, until nothing becomes durable any more.
    ASSERT_TRUE(s.wait_until([&] {
      if (s->read_gauges().queue_bytes < 500'000) {
        ++i;
        last = s->submit({entry(1, i, i, std::string(50'000, 'x'))});
      }
      return s->state() == condition::full;
    })) << static_cast<int>(s->state())
        << ' ' << s->failure();
    EXPECT_TRUE(s.logged("store.full"));
    EXPECT_LT(s->durable(), last);
    empty();
    EXPECT_TRUE(s.wait_until([&] { return s->durable() >= last; })) << s->failure();
    EXPECT_TRUE(s.wait_until([&] { return s->state() < condition::full; }));
    expected = "next " + std::to_string(i + 1);
  }
  opened_store s{options()};
  EXPECT_NE(describe(*s).find(expected), std::string::npos);
}

TEST_F(StoreOnASmallDisk, LetsAcknowledgementsThroughWithTheBallast) {
  opened_store s{options()};
  store::batch many{opening(1)};
  for (std::uint64_t i = 1; i <= 1'000; ++i) many.emplace_back(entry(1, i, i, "x"));
  ASSERT_TRUE(s.commit(std::move(many)));
  fill(0);
  for (std::uint64_t i = 1; i <= 1'000; ++i) {
    ASSERT_TRUE(s.commit({removal(1, i)})) << i << ' ' << s->failure();
  }
  EXPECT_LE(s->state(), condition::low_disk);
}

}  // namespace
}  // namespace godwit::test
