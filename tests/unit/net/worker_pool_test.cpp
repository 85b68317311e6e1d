#include <godwit/net/worker_pool.hpp>

#include <gtest/gtest.h>

#include <atomic>
#include <future>
#include <thread>

namespace godwit::net {
namespace {

TEST(WorkerPool, DoesWorkOnOtherThreads) {
  worker_pool pool{2, 10};
  std::promise<std::thread::id> done;
  ASSERT_TRUE(pool.submit([&] { done.set_value(std::this_thread::get_id()); }));
  EXPECT_NE(done.get_future().get(), std::this_thread::get_id());
}

TEST(WorkerPool, RefusesMoreThanItsQueueHolds) {
  worker_pool pool{1, 2};
  std::promise<void> started;
  std::promise<void> go_on;
  ASSERT_TRUE(pool.submit([&] {
    started.set_value();
    go_on.get_future().wait();
  }));
  started.get_future().wait();
  std::atomic<int> ran{0};
  EXPECT_TRUE(pool.submit([&] { ++ran; }));
  std::promise<void> last;
  EXPECT_TRUE(pool.submit([&] {
    ++ran;
    last.set_value();
  }));
  EXPECT_FALSE(pool.submit([&] { ++ran; }));
  go_on.set_value();
  last.get_future().wait();
  EXPECT_EQ(ran, 2);
}

TEST(WorkerPool, DropsWhatWaitsWhenItStops) {
  worker_pool pool{1, 100'000'000};
  std::promise<void> started;
  std::promise<void> go_on;
  ASSERT_TRUE(pool.submit([&] {
    started.set_value();
    go_on.get_future().wait();
  }));
  started.get_future().wait();
  bool ran = false;
  ASSERT_TRUE(pool.submit([&] { ran = true; }));
  std::thread stopping{[&] { pool.stop(); }};
  while (pool.submit([] {})) std::this_thread::yield();
  go_on.set_value();
  stopping.join();
  EXPECT_FALSE(ran);
}

}  // namespace
}  // namespace godwit::net
