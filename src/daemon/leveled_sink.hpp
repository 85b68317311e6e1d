#pragma once

#include <godwit/observe/log.hpp>

#include <atomic>
#include <memory>
#include <utility>

namespace godwit::daemon {

/// Passes on what is at least as important as `level`: the cores write to a sink without knowing
/// it.
class leveled_sink final : public observe::log_sink {
 public:
  leveled_sink(std::unique_ptr<observe::log_sink> to, observe::log_level level)
      : to_(std::move(to)), level_(level) {}

  void write(const observe::log_event& event) noexcept override {
    if (event.level <= level()) to_->write(event);
  }
  [[nodiscard]] observe::log_level level() const noexcept {
    return level_.load(std::memory_order_relaxed);
  }
  void set_level(observe::log_level level) noexcept {
    level_.store(level, std::memory_order_relaxed);
  }
  void reopen() noexcept override { to_->reopen(); }

 private:
  std::unique_ptr<observe::log_sink> to_;
  std::atomic<observe::log_level> level_;
};

/// Lets a `logger`, which owns its sink, share one.
class borrowed_sink final : public observe::log_sink {
 public:
  explicit borrowed_sink(observe::log_sink& to) : to_(to) {}
  void write(const observe::log_event& event) noexcept override { to_.write(event); }
  void reopen() noexcept override { to_.reopen(); }

 private:
  observe::log_sink& to_;
};

}  // namespace godwit::daemon
