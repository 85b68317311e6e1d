#include "crash_file_system.hpp"
#include "describe.hpp"
#include "opened_store.hpp"
#include "random_batches.hpp"
#include "temporary_directory.hpp"

#include <godwit/store/memory_store.hpp>

#include <gtest/gtest.h>

namespace godwit::test {
namespace {

using store::condition;

constexpr std::size_t batches_per_run = 25;

std::vector<store::batch> some_batches() {
  random_batches source{42};
  std::vector<store::batch> all;
  for (std::size_t i = 0; i < batches_per_run; ++i) all.push_back(source.next());
  return all;
}

std::string memory_after(const std::vector<store::batch>& all, std::size_t count) {
  store::memory_store s{store::memory_store::mode::immediate};
  for (std::size_t i = 0; i < count; ++i) std::ignore = s.submit(store::batch{all[i]});
  return describe(s);
}

/// Opens, submits and closes with one failing operation; returns how many batches were durable.
std::size_t run(const store_rocksdb::options& o, const std::vector<store::batch>& all,
                const std::shared_ptr<crash_file_system>& disk) {
  try {
    opened_store s{o, {.file_system = disk}};
    std::ignore = describe(*s);
    for (const store::batch& b : all) {
      if (!s.commit(store::batch{b})) {
        EXPECT_EQ(s->state(), condition::failed);
        EXPECT_TRUE(s.logged("store.failed"));
        EXPECT_FALSE(s->failure().empty());
        break;
      }
    }
    return s->durable().value();
  } catch (const store_rocksdb::open_failed& e) {
    EXPECT_NE(e.why(), store_rocksdb::open_error::in_use);
    return 0;
  }
}

TEST(StoreFaults, LoseNothingDurableWhicheverOperationFails) {
  const std::vector<store::batch> all = some_batches();
  const auto disk = std::make_shared<crash_file_system>();
  std::uint64_t operations = 0;
  {
    const temporary_directory d;
    disk->fail_at(0);
    ASSERT_EQ(run(small_options(d / "s"), all, disk), all.size());
    operations = disk->operations();
  }
  ASSERT_GT(operations, batches_per_run * 2);
  for (std::uint64_t n = 1; n <= operations; ++n) {
    SCOPED_TRACE("operation " + std::to_string(n) + " of " + std::to_string(operations));
    const temporary_directory d;
    disk->fail_at(n);
    const std::size_t durable = run(small_options(d / "s"), all, disk);
    disk->fail_at(0);
    opened_store again{small_options(d / "s")};
    const std::string found = describe(*again);
    std::size_t count = durable;
    while (count < all.size() && memory_after(all, count) != found) ++count;
    ASSERT_EQ(found, memory_after(all, count)) << durable << " batches were durable";
  }
}

}  // namespace
}  // namespace godwit::test
