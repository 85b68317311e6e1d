#include <godwit/base/bytes.hpp>
#include <godwit/base/checked_cast.hpp>
#include <godwit/base/clock.hpp>
#include <godwit/base/ref.hpp>
#include <godwit/base/result.hpp>
#include <godwit/base/strong.hpp>

#include <gtest/gtest.h>

#include <system_error>
#include <thread>
#include <unordered_set>
#include <vector>

namespace godwit::base {
namespace {

TEST(CheckedCast, KeepsValuesThatFit) {
  EXPECT_EQ(checked_cast<std::uint16_t>(65'535), 65'535U);
  EXPECT_EQ(checked_cast<std::int8_t>(std::size_t{127}), 127);
}

TEST(CheckedCastDeathTest, RefusesValuesThatDoNotFit) {
  EXPECT_DEATH(static_cast<void>(checked_cast<std::uint16_t>(65'536)), "assertion failed");
  EXPECT_DEATH(static_cast<void>(checked_cast<std::uint32_t>(-1)), "assertion failed");
}

TEST(Strong, ComparesAndHashesLikeItsValue) {
  using number = strong<std::uint32_t, struct number_tag>;
  EXPECT_LT(number{1}, number{2});
  EXPECT_EQ(number{}.value(), 0U);
  const std::unordered_set<number> set{number{1}, number{1}, number{2}};
  EXPECT_EQ(set.size(), 2U);
  static_assert(!std::is_convertible_v<std::uint32_t, number>);
}

TEST(Bytes, ViewsTextAsBytesAndBack) {
  EXPECT_EQ(as_bytes("ab").size(), 2U);
  EXPECT_EQ(as_bytes("ab")[1], std::byte{'b'});
  EXPECT_EQ(as_text(as_bytes("ab")), "ab");
}

struct counted : ref_counted<counted> {
  explicit counted(int& d) noexcept : destroyed{&d} {}
  static void destroy(const counted* object) noexcept {
    ++*object->destroyed;
    delete object;
  }
  int* destroyed;
};

TEST(Ref, DestroysWithTheLastReference) {
  int destroyed = 0;
  {
    auto a = ref<const counted>::adopt(new counted{destroyed});
    auto b = a;
    EXPECT_EQ(a->use_count(), 2U);
    EXPECT_EQ(a, b);
    a = {};
    EXPECT_FALSE(a);
    auto c = std::move(b);
    EXPECT_EQ(c->use_count(), 1U);
    auto& self = c;
    c = self;
    EXPECT_EQ(destroyed, 0);
  }
  EXPECT_EQ(destroyed, 1);
}

TEST(Ref, MayBeLetGoOnAnyThread) {
  int destroyed = 0;
  {
    auto shared = ref<const counted>::adopt(new counted{destroyed});
    std::vector<std::jthread> threads;
    for (int t = 0; t < 4; ++t) {
      threads.emplace_back([copy = shared] {
        for (int i = 0; i < 1000; ++i) auto another = copy;
      });
    }
    shared = {};
  }
  EXPECT_EQ(destroyed, 1);
}

TEST(Result, HoldsAValueOrAnError) {
  const result<int, std::errc> good = 1;
  const result<int, std::errc> bad = std::errc::io_error;
  EXPECT_EQ(good.value(), 1);
  EXPECT_TRUE(bad.has_error());
}

}  // namespace
}  // namespace godwit::base
