#include "describe.hpp"
#include "opened_store.hpp"
#include "records.hpp"
#include "temporary_directory.hpp"

#include <gtest/gtest.h>

#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <fstream>

namespace godwit::test {
namespace {

using store_rocksdb::open_error;
using store_rocksdb::open_failed;

open_error why_not(const store_rocksdb::options& o, std::string* text = nullptr) {
  try {
    opened_store s{o};
  } catch (const open_failed& e) {
    if (text != nullptr) *text = e.what();
    return e.why();
  }
  ADD_FAILURE() << "it opened";
  return {};
}

TEST(RocksdbStore, NamesTheProcessThatHasIt) {
  const temporary_directory d;
  const auto o = small_options(d / "s");
  opened_store first{o};
  std::string text;
  EXPECT_EQ(why_not(o, &text), open_error::in_use);
  EXPECT_NE(text.find("process " + std::to_string(::getpid())), std::string::npos) << text;
}

TEST(RocksdbStore, LeavesForeignDirectoriesAlone) {
  const temporary_directory d;
  std::ofstream{d / "holiday.jpg"} << "sun";
  EXPECT_EQ(why_not(small_options(d.path().string())), open_error::not_a_store);
}

TEST(RocksdbStore, LogsWhatItFound) {
  const temporary_directory d;
  opened_store s{small_options(d / "s")};
  EXPECT_TRUE(s.logged("store.opened"));
  std::ignore = describe(*s);
  EXPECT_TRUE(s.logged("store.recovered"));
}

TEST(RocksdbStore, HasNoRoomUntilHalfIsWritten) {
  const temporary_directory d;
  auto o = small_options(d / "s");
  o.queue_bytes_max = 10'000;
  std::atomic<bool> held{true};
  store_rocksdb::internal_options seams;
  seams.is_held = [&] { return held.load(); };
  opened_store s{o, seams};
  store::ticket last{};
  last = s->submit({opening(1)});
  for (std::uint64_t i = 1; i <= 20; ++i) {
    EXPECT_EQ(s->has_room(), s->read_gauges().queue_bytes <= 10'000);
    last = s->submit({entry(1, i, i, std::string(1'000, 'x'))});
  }
  EXPECT_FALSE(s->has_room());
  held = false;
  EXPECT_TRUE(s.wait_until([&] { return s->durable() >= last; }));
  EXPECT_TRUE(s.wait_until([&] { return s->has_room(); }));
}

TEST(RocksdbStore, AnnouncesAtOnceIfAskedTo) {
  const temporary_directory d;
  auto o = small_options(d / "s");
  o.announce_when = store_rocksdb::announce::submitted;
  std::atomic<bool> held{true};
  store_rocksdb::internal_options seams;
  seams.is_held = [&] { return held.load(); };
  opened_store s{o, seams};
  const store::ticket t = s->submit({opening(1)});
  EXPECT_EQ(s->durable(), t);
  held = false;
}

TEST(RocksdbStore, CommitsWhatWasHeldAtARelease) {
  const temporary_directory d;
  auto o = small_options(d / "s");
  o.disk_check_every = std::chrono::hours{1};  // nothing else wakes the committer
  opened_store s{o};
  std::uint64_t session = 0;
  for (int round = 0; round < 20; ++round) {
    // Counted when the committer has nothing else to do and is about to sleep.
    const std::uint64_t before = s->read_gauges().commits;
    ASSERT_TRUE(s.commit({opening(++session)}));
    ASSERT_TRUE(s.wait_until([&] { return s->read_gauges().commits > before; }));
    s->hold();
    std::ignore = s->submit({opening(++session)});
    s->hold();
    s->release();
    const store::ticket last = s->submit({opening(++session)});
    s->release();
    ASSERT_TRUE(s.wait_until([&] { return s->durable() >= last; })) << "round " << round;
  }
}

TEST(RocksdbStore, CommitsWhatWaitsWhenItIsClosed) {
  const temporary_directory d;
  const auto o = small_options(d / "s");
  {
    opened_store s{o};
    for (std::uint64_t i = 1; i <= 500; ++i) std::ignore = s->submit({opening(i)});
  }
  opened_store s{o};
  EXPECT_NE(describe(*s).find("session 500 "), std::string::npos);
}

TEST(RocksdbStore, WritesABodyOnceForAllWhoShareIt) {
  const temporary_directory d;
  opened_store s{small_options(d / "s")};
  const store::enqueued first = entry(1, 1, 5, std::string(10'000, 'x'));
  store::batch all{opening(1), opening(2), opening(3), first};
  for (const std::uint64_t session : {2U, 3U}) {
    store::enqueued other = first;
    other.session = store::session_number{session};
    all.emplace_back(other);
  }
  // A body that nobody names.
  all.emplace_back(entry(99, 1, 6, std::string(10'000, 'y')));
  s.commit(std::move(all));
  EXPECT_TRUE(s.wait_until([&] { return s->read_gauges().queued_entries == 3; }));
  EXPECT_EQ(s->read_gauges().bodies, 1U);
  EXPECT_LT(s->read_gauges().journal_bytes, 11'000U);
}

}  // namespace
}  // namespace godwit::test
