#include <godwit/observe/log.hpp>

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace godwit::observe {
namespace {

using namespace std::chrono_literals;

class fixed_clock : public base::clock {
 public:
  [[nodiscard]] base::moment now() const noexcept override {
    return {.steady = {}, .wall = base::wall_time{1000ms}};
  }
};

class Logger : public ::testing::Test {
 protected:
  class sink : public log_sink {
   public:
    explicit sink(std::vector<std::string>& lines) : lines_{lines} {}
    void write(const log_event& event) noexcept override {
      lines_.push_back(format_log_line(event, log_format::text, log_prefix::time));
    }
    void reopen() noexcept override { lines_.emplace_back("(reopened)"); }

   private:
    std::vector<std::string>& lines_;
  };

  std::vector<std::string> lines_;
  fixed_clock clock_;
  logger log_{clock_, std::make_unique<sink>(lines_), log_level::info};
};

TEST_F(Logger, WritesTheEventWithItsTimeAndFields) {
  log_.info("broker.started", {{"shards", 2}});
  log_.error("store.failed");
  EXPECT_EQ(lines_,
            (std::vector<std::string>{"1970-01-01T00:00:01.000Z info broker.started shards=2",
                                      "1970-01-01T00:00:01.000Z error store.failed"}));
}

TEST_F(Logger, LeavesOutWhatIsBelowItsLevel) {
  log_.debug("packet");
  EXPECT_TRUE(lines_.empty());
  EXPECT_FALSE(log_.is_enabled(log_level::debug));
  log_.set_level(log_level::debug);
  log_.debug("packet");
  EXPECT_EQ(lines_.size(), 1U);
  log_.set_level(log_level::error);
  log_.warn("w");
  log_.info("i");
  EXPECT_EQ(lines_.size(), 1U);
  log_.error("e");
  EXPECT_EQ(lines_.size(), 2U);
}

TEST_F(Logger, ReportsAReopenInTheNewFile) {
  log_.reopen();
  ASSERT_EQ(lines_.size(), 2U);
  EXPECT_EQ(lines_[0], "(reopened)");
  EXPECT_TRUE(lines_[1].ends_with("log.reopened"));
}

TEST(RateLimit, AdmitsABurstThenOnePerInterval) {
  rate_limit limit{3, 1s};
  const base::steady_time start{100s};
  for (int i = 0; i < 3; ++i) EXPECT_EQ(limit.admit(start), 0U);
  EXPECT_EQ(limit.admit(start), std::nullopt);
  EXPECT_EQ(limit.admit(start + 999ms), std::nullopt);
  EXPECT_EQ(limit.admit(start + 1s), 2U) << "two were suppressed";
  EXPECT_EQ(limit.admit(start + 1s), std::nullopt);
  EXPECT_EQ(limit.admit(start + 2s), 1U);
}

TEST(RateLimit, SavesUpNoMoreThanABurst) {
  rate_limit limit{2, 1s};
  const base::steady_time start{100s};
  EXPECT_EQ(limit.admit(start), 0U);
  EXPECT_EQ(limit.admit(start + 1h), 0U);
  EXPECT_EQ(limit.admit(start + 1h), 0U);
  EXPECT_EQ(limit.admit(start + 1h), std::nullopt);
}

TEST(RateLimit, WorksAtTheStartOfTime) {
  rate_limit limit{1, 1s};
  EXPECT_EQ(limit.admit(base::steady_time{}), 0U);
  EXPECT_EQ(limit.admit(base::steady_time{}), std::nullopt);
}

}  // namespace
}  // namespace godwit::observe
