#include "daemon/memory_watch.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <vector>

namespace godwit::daemon {
namespace {

using observe::memory_kind;
using observe::memory_level;
using ::testing::ElementsAre;

class stopped_clock final : public base::clock {
 public:
  [[nodiscard]] base::moment now() const noexcept override { return {}; }
};

class event_names final : public observe::log_sink {
 public:
  explicit event_names(std::vector<std::string>& to) : to_{to} {}
  void write(const observe::log_event& event) noexcept override { to_.emplace_back(event.event); }

 private:
  std::vector<std::string>& to_;
};

class MemoryWatch : public ::testing::Test {
 protected:
  std::vector<std::string> events;
  observe::memory_gauge gauge;

 private:
  const stopped_clock clock_;

 protected:
  observe::logger log{clock_, std::make_unique<event_names>(events), observe::log_level::info};
};

TEST_F(MemoryWatch, SaysOnceThatMemoryIsShortAndOnceThatItEases) {
  memory_watch watch{gauge, 1, log};
  base::steady_time now{};
  for (int i = 0; i < 3; ++i) now = watch.look(now);
  EXPECT_EQ(gauge.level(), memory_level::drop_unassured);
  watch.set_limit(std::uint64_t{1} << 40U);
  for (int i = 0; i < 3; ++i) now = watch.look(now);
  EXPECT_EQ(gauge.level(), memory_level::enough);
  EXPECT_THAT(events, ElementsAre("memory.short", "memory.eases"));
}

TEST_F(MemoryWatch, LooksNoMoreOftenThanItSays) {
  memory_watch watch{gauge, 0, log};
  std::uint64_t asked = 0;
  watch.ask_store([&asked] { return ++asked; });
  const base::steady_time next = watch.look({});
  EXPECT_EQ(asked, 1U);
  EXPECT_EQ(gauge[memory_kind::store], 1U);
  EXPECT_GT(gauge[memory_kind::base], 0U);
  EXPECT_EQ(watch.look(next - base::duration{1}), next);
  EXPECT_EQ(asked, 1U);
  static_cast<void>(watch.look(next));
  EXPECT_EQ(asked, 2U);
}

}  // namespace
}  // namespace godwit::daemon
