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
    l_.bodies.limit = 1 + random_.below(40);
    l_.sync();
    durable_ = naive_;
  }

  void step() {
    switch (random_.below(24)) {
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
      case 16:
        spill();
        break;
      case 17:
        answer_fetch();
        break;
      case 18:
        ask_for_handover();
        break;
      default:
        pump();
    }
    ASSERT_EQ(l_.log.size(), naive_.items.size());
    ASSERT_EQ(l_.log.bytes(), 3 * naive_.items.size());
    ASSERT_EQ(l_.log.inflight(), naive_.inflight());
    ASSERT_EQ(l_.bodies.held, naive_.held());
    ASSERT_EQ(l_.log.compute_held_bytes(), naive_.held());
    const auto lacking = std::count_if(naive_.items.begin(), naive_.items.end(),
                                       [](const naive_log::item& i) { return !i.has_body; });
    ASSERT_EQ(l_.log.spilled(), lacking);
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
    arrivals_[number] = arrival;
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
    waiting_.push_back({l_.records.open_batch(), naive_, positions_});
    l_.submit_all();
  }
  void take_durable() {
    while (!waiting_.empty() && waiting_.front().batch.is_covered_by(l_.rules.durable)) {
      durable_ = std::move(waiting_.front().then);
      durable_positions_ = std::move(waiting_.front().positions);
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
      naive_.suspend(l_.bodies.limit);
      ASSERT_EQ(l_.log.suspend().count, before - naive_.items.size());
    }
    l_.log.resume();
    naive_.resume();
    // Every connection of a 5.0 client may name another Receive Maximum.
    if (random_.coin()) l_.rules.window = static_cast<std::uint32_t>(1 + random_.below(12));
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
        positions_[number] = l_.log.put_back(positions_[number], l_.records);
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
    if (fetching_.positions.empty()) ask();
  }

  /// What is durable may leave memory.
  void spill() {
    for (naive_log::item& i : naive_.items) {
      const bool is_durable = i.q != q0 && durable_.find(i.number) != nullptr &&
                              positions_[i.number] == durable_positions_[i.number];
      if (!is_durable || random_.below(3) == 0) continue;
      if (i.has_body && naive_log::is_queued(i)) {
        i.has_body = i.is_fetched = false;
        ++spills_;
      }
      l_.log.spill(positions_[i.number]);
    }
  }

  void ask() {
    const message_log::page_rules most{static_cast<std::uint32_t>(1 + random_.below(6)), 15};
    fetching_ = l_.log.wanted(l_.rules, most);
    const auto& got = fetching_.numbers;
    ASSERT_LE(got.size(), std::min<std::size_t>(most.messages_max, 5));
    if (naive_.is_stuck(l_.rules)) {
      ASSERT_FALSE(got.empty());
    }
    std::size_t n = 0;
    for (const naive_log::item& i : naive_.items) {
      if (n == got.size()) break;
      if ((i.in_window && i.is_handled) || !naive_.needs_body(i, l_.rules)) continue;
      ASSERT_EQ(got[n++].value(), i.number);
    }
    ASSERT_EQ(n, got.size());
  }
  void ask_for_handover() {
    if (!fetching_.positions.empty()) return;
    fetching_ = l_.log.wanted_for_handover({3, 100});
    std::size_t n = 0;
    for (const naive_log::item& i : naive_.items) {
      const bool may_move = i.is_shared && (i.q == q1 || !i.was_sent);
      if (i.has_body || i.is_moving || !may_move || n == 3) continue;
      ASSERT_LT(n, fetching_.numbers.size());
      ASSERT_EQ(fetching_.numbers[n++].value(), i.number);
    }
    ASSERT_EQ(n, fetching_.numbers.size());
  }
  /// The answer comes late: messages may have gone meanwhile.
  void answer_fetch() {
    const message_log::page page = std::exchange(fetching_, {});
    for (std::size_t n = 0; n < page.positions.size(); ++n) {
      const std::uint64_t number = page.numbers[n].value();
      naive_log::item* const i = naive_.find(number);
      const bool is_wanted =
          i != nullptr && !i->has_body && positions_[number] == page.positions[n];
      if (random_.below(40) == 0) {  // the store has lost it
        ASSERT_EQ(l_.log.lose_body(page.positions[n], l_.records).count, is_wanted ? 1U : 0U);
        if (is_wanted) naive_.erase(number);
        continue;
      }
      ASSERT_EQ(l_.log.put_body(page.positions[n], numbered(number + 1)),
                is_wanted ? message_log::body_fate::wrong : message_log::body_fate::not_needed);
      ASSERT_EQ(l_.log.put_body(page.positions[n], body_of(number)),
                is_wanted ? message_log::body_fate::taken : message_log::body_fate::not_needed);
      if (is_wanted) i->has_body = i->is_fetched = true;
      fetches_ += is_wanted ? 1 : 0;
    }
  }
  base::ref<const mqtt::message> body_of(std::uint64_t number) {
    return numbered(number, arrivals_[number]);
  }

  void crash() {
    const std::size_t bodies = random_.coin() ? 1'000 : random_.below(8);
    l_.disk.set_bodies_recovered(bodies);
    l_.crash();
    naive_ = durable_;
    naive_.restore(bodies);
    durable_ = naive_;
    positions_ = durable_positions_;
    fetching_ = {};
    waiting_.clear();
    l_.log.resume();
    naive_.resume();
    ++crashes_;
  }

 public:
  std::uint64_t packets_ = 0;
  std::uint64_t crashes_ = 0;
  std::uint64_t spills_ = 0;
  std::uint64_t fetches_ = 0;

 private:
  struct snapshot {
    batch_number batch;
    naive_log then;
    std::map<std::uint64_t, log_position> positions;
  };
  godwit::test::random_source random_;
  stored_log l_;
  naive_log naive_;
  naive_log durable_;
  std::deque<snapshot> waiting_;
  std::map<std::uint64_t, log_position> positions_;
  std::map<std::uint64_t, log_position> durable_positions_;
  std::map<std::uint64_t, base::wall_time> arrivals_;
  message_log::page fetching_;
  std::uint64_t last_number_ = 0;
  std::uint64_t now_ = 1'000;
};

TEST(MessageLog, DoesWhatTheNaiveLogDoes) {
  std::uint64_t packets = 0;
  std::uint64_t crashes = 0;
  std::uint64_t spills = 0;
  std::uint64_t fetches = 0;
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
    spills += t.spills_;
    fetches += t.fetches_;
  }
  EXPECT_GT(packets, 10'000U);
  EXPECT_GT(crashes, 100U);
  EXPECT_GT(spills, 1'000U);
  EXPECT_GT(fetches, 1'000U);
}

}  // namespace
}  // namespace godwit::session::test
