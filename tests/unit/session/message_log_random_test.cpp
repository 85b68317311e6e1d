#include "naive_log.hpp"
#include "stored_log.hpp"
#include "support/random_source.hpp"

#include <map>

namespace godwit::session::test {
namespace {

/// A log and its naive twin, driven by one seed through everything that can happen to them.
class twins {
 public:
  explicit twins(std::uint64_t seed) : random_{seed} {
    l_.rules.window = static_cast<std::uint32_t>(1 + random_.below(12));
    l_.sync();
    durable_ = naive_;
  }

  void step() {
    switch (random_.below(20)) {
      case 0:
      case 1:
      case 2:
      case 3:
        add();
        break;
      case 4:
      case 5:
      case 6:
      case 7:
      case 8:
        acknowledge();
        break;
      case 9:
        commit_tentative();
        break;
      case 10:
        submit();
        break;
      case 11:
        l_.commit(random_.below(3));
        take_durable();
        break;
      case 12:
        drop();
        break;
      case 13:
        reconnect();
        break;
      case 14:
        share();
        break;
      case 15:
        if (random_.below(10) == 0) crash();
        break;
      default:
        pump();
    }
    ASSERT_EQ(l_.log.size(), naive_.items.size());
    ASSERT_EQ(l_.log.bytes(), 3 * naive_.items.size());
    ASSERT_EQ(l_.log.inflight(), naive_.inflight());
  }

 private:
  void add() {
    const auto q = static_cast<qos_level>(random_.below(3));
    const bool tentative = q != q0 && random_.below(5) == 0;
    const bool shared = q != q0 && random_.below(4) == 0;
    const std::uint64_t number = ++last_number_;
    const auto arrival = at_second(static_cast<std::int64_t>(now_ += random_.below(3)));
    const log_position at =
        l_.log.add({numbered(number, arrival), q, false,
                    mqtt::message_number{tentative ? number : 0}, shared ? "$share/g/f" : ""},
                   l_.records);
    positions_[number] = at;
    naive_.items.push_back({.number = number,
                            .q = q,
                            .arrival = arrival,
                            .is_shared = shared,
                            .is_tentative = tentative,
                            .waits = {}});
  }

  void acknowledge() {
    const std::size_t count = naive_.items.size();
    std::uint16_t id = static_cast<std::uint16_t>(random_.below(20));
    if (count != 0 && random_.below(8) != 0) {
      id = naive_.items[random_.below(std::min<std::size_t>(count, 14))].id;
    }
    const batch_number open = l_.records.open_batch();
    switch (random_.below(3)) {
      case 0:
        ASSERT_EQ(l_.puback(id) == outcome::done, naive_.puback(id));
        break;
      case 1:
        ASSERT_EQ(l_.pubrec(id) == outcome::advanced, naive_.pubrec(id, open));
        break;
      default:
        ASSERT_EQ(l_.pubcomp(id) == outcome::done, naive_.pubcomp(id));
    }
  }

  void commit_tentative() {
    for (naive_log::item& i : naive_.items) {
      if (!i.is_tentative || random_.below(3) == 0) continue;
      i.is_tentative = false;
      l_.log.commit(positions_[i.number]);
      l_.records.write(store::committed{mqtt::message_number{i.number}});
    }
  }

  void submit() {
    if (l_.records.is_empty()) return;
    waiting_.push_back({l_.records.open_batch(), naive_});
    l_.submit_all();
  }
  void take_durable() {
    while (!waiting_.empty() && waiting_.front().batch.is_covered_by(l_.rules.durable)) {
      durable_ = std::move(waiting_.front().then);
      waiting_.pop_front();
    }
  }

  void drop() {
    if (random_.coin()) {
      ASSERT_EQ(l_.log.drop_oldest_unsent(l_.records).count, naive_.drop_oldest_unsent());
    } else {
      const auto oldest = at_second(static_cast<std::int64_t>(now_) - 20);
      ASSERT_EQ(l_.log.drop_older_than(oldest, l_.records).count, naive_.drop_older_than(oldest));
    }
  }

  void reconnect() {
    if (random_.coin()) {
      const auto before = naive_.items.size();
      naive_.suspend();
      ASSERT_EQ(l_.log.suspend().count, before - naive_.items.size());
    }
    l_.log.resume();
    naive_.resume();
  }

  void share() {
    if (random_.coin()) {
      const auto taken = l_.log.take_share();
      const std::uint64_t number = taken ? taken->message->number().value() : 0;
      ASSERT_EQ(number, naive_.take_share());
      if (taken) positions_[number] = taken->position;
      return;
    }
    for (const naive_log::item& i : naive_.items) {
      if (!i.is_moving) continue;
      const std::uint64_t number = i.number;
      if (random_.coin()) {
        ASSERT_EQ(l_.log.remove(positions_[number], {}, l_.records).count, 1U);
        naive_.erase(number);
      } else {
        l_.log.put_back(positions_[number], l_.records);
        naive_.put_back(number);
      }
      return;
    }
  }

  void pump() {
    l_.rules.oldest = at_second(static_cast<std::int64_t>(now_) - 60);
    std::uint64_t expired = 0;
    const auto expected = naive_.pump(l_.rules, l_.records.open_batch(), expired);
    ASSERT_EQ(l_.pump(), expected);
    ASSERT_EQ(l_.too_old.count, expired);
    ASSERT_EQ(l_.log.has_unsent(), naive_.has_unsent());
    packets_ += expected.size();
  }

  void crash() {
    l_.crash();
    naive_ = durable_;
    naive_.restore();
    durable_ = naive_;
    waiting_.clear();
    l_.log.resume();
    naive_.resume();
    ++crashes_;
  }

 public:
  std::uint64_t packets_ = 0;
  std::uint64_t crashes_ = 0;

 private:
  struct snapshot {
    batch_number batch;
    naive_log then;
  };
  godwit::test::random_source random_;
  stored_log l_;
  naive_log naive_;
  naive_log durable_;
  std::deque<snapshot> waiting_;
  std::map<std::uint64_t, log_position> positions_;
  std::uint64_t last_number_ = 0;
  std::uint64_t now_ = 1'000;
};

TEST(MessageLog, DoesWhatTheNaiveLogDoes) {
  std::uint64_t packets = 0;
  std::uint64_t crashes = 0;
  for (std::uint64_t seed = 1; seed <= 60; ++seed) {
    SCOPED_TRACE(seed);
    twins t{seed};
    for (int i = 0; i < 2'000; ++i) {
      SCOPED_TRACE(i);
      t.step();
      if (::testing::Test::HasFatalFailure()) return;
    }
    packets += t.packets_;
    crashes += t.crashes_;
  }
  EXPECT_GT(packets, 10'000U);
  EXPECT_GT(crashes, 100U);
}

}  // namespace
}  // namespace godwit::session::test
