#include <godwit/admin/exposition.hpp>
#include <godwit/observe/histogram.hpp>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace godwit::admin {
namespace {

using ::testing::HasSubstr;
using type = exposition::type;

TEST(Exposition, HasOneHeadForAllSamplesOfAFamily) {
  exposition out;
  out.family("a_total", type::counter, "What it is.");
  out.sample(std::uint64_t{1}, {{"x", "1"}, {"y", "two"}});
  out.sample(std::uint64_t{2}, {{"x", "2"}, {"y", "three"}});
  out.single("b", type::gauge, "Another.", std::int64_t{-5});
  EXPECT_EQ(std::move(out).take(),
            "# HELP a_total What it is.\n"
            "# TYPE a_total counter\n"
            "a_total{x=\"1\",y=\"two\"} 1\n"
            "a_total{x=\"2\",y=\"three\"} 2\n"
            "# HELP b Another.\n"
            "# TYPE b gauge\n"
            "b -5\n");
}

TEST(Exposition, EscapesLabelValues) {
  exposition out;
  out.family("a", type::gauge, "h");
  out.sample(0.5, {{"v", "quote \" back \\ line\n"}});
  EXPECT_THAT(std::move(out).take(), HasSubstr("a{v=\"quote \\\" back \\\\ line\\n\"} 0.5\n"));
}

TEST(Exposition, ShowsDurationsInSecondsAndCumulated) {
  observe::histogram h;
  for (const std::uint64_t us : {90U, 150U, 1'500U, 20'000'000U}) h.record(us);
  observe::histogram_totals t;
  t.merge(h);
  exposition out;
  out.durations("d_seconds", "How long.", t);
  const std::string text = std::move(out).take();
  EXPECT_THAT(text, HasSubstr("# TYPE d_seconds histogram\n"));
  EXPECT_THAT(text, HasSubstr("d_seconds_bucket{le=\"1e-04\"} 1\n"));
  EXPECT_THAT(text, HasSubstr("d_seconds_bucket{le=\"2e-04\"} 2\n"));
  EXPECT_THAT(text, HasSubstr("d_seconds_bucket{le=\"0.002\"} 3\n"));
  EXPECT_THAT(text, HasSubstr("d_seconds_bucket{le=\"10\"} 3\n"));
  EXPECT_THAT(text, HasSubstr("d_seconds_bucket{le=\"+Inf\"} 4\n"));
  EXPECT_THAT(text, HasSubstr("d_seconds_count 4\n"));
  EXPECT_THAT(text, HasSubstr("d_seconds_sum 20.00174\n"));
}

}  // namespace
}  // namespace godwit::admin
