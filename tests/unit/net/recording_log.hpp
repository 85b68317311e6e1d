#pragma once

#include <godwit/observe/log.hpp>

#include <mutex>
#include <string>
#include <vector>

namespace godwit::test {

/// Keeps the names of events.
class recording_log final : public observe::log_sink {
 public:
  void write(const observe::log_event& event) noexcept override {
    const std::lock_guard lock{mutex_};
    events_.emplace_back(event.event);
  }
  [[nodiscard]] std::vector<std::string> events() const {
    const std::lock_guard lock{mutex_};
    return events_;
  }

 private:
  mutable std::mutex mutex_;
  std::vector<std::string> events_;
};

}  // namespace godwit::test
