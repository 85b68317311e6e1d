#include "crash_file_system.hpp"
#include "describe.hpp"
#include "opened_store.hpp"
#include "random_batches.hpp"
#include "temporary_directory.hpp"

#include <godwit/store/memory_store.hpp>

#include <gtest/gtest.h>

#include <optional>

namespace godwit::test {
namespace {

/// The memory engine after the first batches; a restart where the other store had one.
class model {
 public:
  void add(const store::batch& b) { steps_.push_back(b); }
  void add_restart() { steps_.emplace_back(); }
  void forget_after(std::size_t count) { steps_.resize(count); }
  [[nodiscard]] std::size_t size() const noexcept { return steps_.size(); }
  [[nodiscard]] std::string after(std::size_t count) const {
    store::memory_store s{store::memory_store::mode::immediate};
    for (std::size_t i = 0; i < count; ++i) {
      if (steps_[i].empty()) {
        std::ignore = describe(s);
      } else {
        std::ignore = s.submit(store::batch{steps_[i]});
      }
    }
    return describe(s);
  }

 private:
  std::vector<store::batch> steps_;
};

class StoreModel : public ::testing::TestWithParam<std::uint64_t> {};

store_rocksdb::options options_of(const temporary_directory& d, random_source& random) {
  store_rocksdb::options o = small_options(d / "store");
  o.garbage.start_bytes = random.below(4'000);
  o.garbage.live_factor = 1 + static_cast<std::uint32_t>(random.below(3));
  o.garbage.step_bytes = 1 + random.below(3'000);
  o.group_bytes_max = 1 + random.below(20'000);
  return o;
}

TEST_P(StoreModel, IsTheSameAsInMemoryAfterEveryRestart) {
  SCOPED_TRACE("seed " + std::to_string(GetParam()));
  random_source random{GetParam()};
  random_batches batches{GetParam()};
  const temporary_directory d;
  const store_rocksdb::options o = options_of(d, random);
  model expected;
  for (int life = 0; life < 6; ++life) {
    opened_store s{o};
    ASSERT_EQ(describe(*s), expected.after(expected.size()));
    expected.add_restart();
    batches.restart();
    for (std::size_t i = random.below(80); i > 0; --i) {
      store::batch b = batches.next();
      expected.add(b);
      if (random.below(4) == 0) {
        ASSERT_TRUE(s.commit(std::move(b)));
      } else {
        std::ignore = s->submit(std::move(b));
      }
    }
  }
  opened_store s{o};
  EXPECT_EQ(describe(*s), expected.after(expected.size()));
}

TEST_P(StoreModel, KeepsWhatIsDurableWhenThePowerGoes) {
  SCOPED_TRACE("seed " + std::to_string(GetParam()));
  random_source random{GetParam() * 7};
  random_batches batches{GetParam()};
  const temporary_directory d;
  const store_rocksdb::options o = options_of(d, random);
  model expected;
  std::size_t least = 0;
  for (int life = 0; life < 5; ++life) {
    const auto disk = std::make_shared<crash_file_system>();
    std::optional<opened_store> s;
    s.emplace(o, store_rocksdb::internal_options{.file_system = disk});
    const std::string found = describe(**s);
    // All that was durable, and perhaps some of what came after it.
    std::size_t count = least;
    while (count < expected.size() && expected.after(count) != found) ++count;
    ASSERT_EQ(found, expected.after(count)) << "at least " << least;
    expected.forget_after(count);
    expected.add_restart();
    batches.restart();
    const std::size_t first = expected.size();
    for (std::size_t i = 1 + random.below(60); i > 0; --i) {
      store::batch b = batches.next();
      expected.add(b);
      const store::ticket t = (*s)->submit(std::move(b));
      if (random.below(3) == 0) {
        ASSERT_TRUE(s->wait_until([&] { return (*s)->durable() >= t; }));
      }
    }
    disk->power_off();
    ASSERT_TRUE(s->wait_until([&] {
      return (*s)->state() == store::condition::failed ||
             (*s)->durable().value() == expected.size() - first;
    }));
    least = first + (*s)->durable().value();
    s.reset();
    const auto kept = static_cast<std::uint32_t>(random.below(257));
    disk->power_on(kept, static_cast<std::uint32_t>(random.below(600)));
  }
}

INSTANTIATE_TEST_SUITE_P(Seeds, StoreModel, ::testing::Range<std::uint64_t>(1, 13));

}  // namespace
}  // namespace godwit::test
