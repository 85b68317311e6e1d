#include "describe.hpp"
#include "opened_store.hpp"
#include "records.hpp"
#include "temporary_directory.hpp"

#include <gtest/gtest.h>

namespace godwit::test {
namespace {

/// Fetches and waits; empty at the deadline.
std::vector<std::string> fetch(opened_store& s, std::vector<mqtt::message_number> wanted) {
  s->fetch({.shard = 2, .id = 9, .messages = std::move(wanted)});
  std::vector<store::fetched> got;
  EXPECT_TRUE(s.wait_until([&] {
    for (auto& f : s->take_fetched(2)) got.push_back(std::move(f));
    return !got.empty();
  }));
  std::vector<std::string> payloads;
  if (got.empty()) return payloads;
  EXPECT_EQ(got[0].id, 9U);
  EXPECT_TRUE(s->take_fetched(1).empty());
  for (const auto& m : got[0].messages) {
    payloads.emplace_back(m ? base::as_text(m->payload()) : std::string_view{"none"});
  }
  return payloads;
}

std::vector<mqtt::message_number> numbers(std::initializer_list<std::uint64_t> all) {
  std::vector<mqtt::message_number> out;
  for (const std::uint64_t n : all) out.emplace_back(n);
  return out;
}

TEST(StoreFetch, BringsBodiesInTheOrderAskedFor) {
  const temporary_directory d;
  opened_store s{small_options(d / "s")};
  s.commit({opening(1)});
  for (std::uint64_t i = 1; i <= 5; ++i) s.commit({entry(1, i, i, "body " + std::to_string(i))});
  s.commit({removal(1, 2)});
  EXPECT_EQ(fetch(s, numbers({5, 2, 1, 77})),
            (std::vector<std::string>{"body 5", "none", "body 1", "none"}));
}

TEST(StoreFetch, FindsBodiesThatGarbageCollectionMoves) {
  const temporary_directory d;
  store_rocksdb::options o = small_options(d / "s");
  o.garbage = {.start_bytes = 20'000, .live_factor = 1, .step_bytes = 5'000};
  opened_store s{o};
  s.commit({opening(1), entry(1, 1, 1, "kept")});
  const auto has_moved = [&] { return s->read_gauges().moved_bytes != 0; };
  // How much the committer takes together, and so when it collects, is up to the machine.
  for (std::uint64_t i = 2; i <= 2'000 || (i <= 20'000 && !has_moved()); ++i) {
    std::ignore = s->submit({entry(1, i, i, std::string(200, 'x'))});
    std::ignore = s->submit({removal(1, i)});
    if (i % 100 == 0) {
      ASSERT_EQ(fetch(s, numbers({1})), std::vector<std::string>{"kept"});
    }
  }
  EXPECT_TRUE(has_moved());
}

TEST(StoreFetch, BringsWhatRecoveryLeftInTheStore) {
  const temporary_directory d;
  store_rocksdb::options o = small_options(d / "s");
  {
    opened_store s{o};
    s.commit({opening(1), opening(2)});
    for (std::uint64_t i = 1; i <= 10; ++i) {
      s.commit({entry(1, i, i, std::string(99, 'a')), entry(2, i, 100 + i, std::string(99, 'b'))});
    }
  }
  o.recover_body_bytes = 600;  // of 2,000
  opened_store s{o};
  struct counter final : store::recovery_visitor {
    std::vector<std::size_t> loaded;
    void on_session(store::restored_session r) override {
      std::size_t count = 0;
      while (count < r.entries.size() && r.entries[count].message) ++count;
      loaded.push_back(count);
      EXPECT_EQ(r.entries.size(), 10U);
      for (const auto& e : r.entries) EXPECT_EQ(e.summary.content_size, 100U);
    }
    void on_will(store::restored_will /*none*/) override {}
    void on_retained(base::ref<const mqtt::message> /*none*/) override {}
  } found;
  std::ignore = s->recover(found);
  EXPECT_EQ(found.loaded, (std::vector<std::size_t>{3, 3}));
  EXPECT_EQ(fetch(s, numbers({9, 109})),
            (std::vector<std::string>{std::string(99, 'a'), std::string(99, 'b')}));
}

}  // namespace
}  // namespace godwit::test
