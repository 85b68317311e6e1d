#pragma once

#include "signals.hpp"

#include <exception>
#include <functional>
#include <future>
#include <memory>
#include <mutex>
#include <stdexcept>
#include <utility>
#include <vector>

namespace godwit::daemon {

/// Work that other threads want done on the main thread, between two signals.
class main_tasks {
 public:
  explicit main_tasks(signals& wakes) noexcept : wakes_{wakes} {}

  /// Runs `work` on the main thread and waits for its result. Throws what `work`
  /// throws, and std::runtime_error when the main thread takes no more.
  template <class Result>
  Result run(std::function<Result()> work) {
    auto promise = std::make_shared<std::promise<Result>>();
    auto answer = promise->get_future();
    {
      const std::lock_guard lock{mutex_};
      if (!is_closed_) {
        waiting_.push_back([promise, work = std::move(work)] {
          try {
            promise->set_value(work());
          } catch (...) {
            promise->set_exception(std::current_exception());
          }
        });
      }
    }
    promise.reset();  // so that a task that is dropped is told
    wakes_.wake();
    try {
      return answer.get();
    } catch (const std::future_error&) {
      throw std::runtime_error{"the broker is ending"};
    }
  }

  /// On the main thread.
  void run_waiting() {
    std::vector<std::function<void()>> all;
    {
      const std::lock_guard lock{mutex_};
      all.swap(waiting_);
    }
    for (const auto& work : all) work();
  }
  /// Whoever waits, or comes later, gets an error.
  void close() {
    const std::lock_guard lock{mutex_};
    is_closed_ = true;
    waiting_.clear();
  }

 private:
  signals& wakes_;
  std::mutex mutex_;
  std::vector<std::function<void()>> waiting_;
  bool is_closed_ = false;
};

}  // namespace godwit::daemon
