#pragma once

#include <godwit/observe/log.hpp>

#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace godwit::test {

/// One event that the broker logged.
struct logged_event {
  observe::log_level level{};
  base::wall_time time{};
  std::string name{};  ///< "client.connected"
  std::vector<std::pair<std::string, std::string>> fields{};
  /// The text of a field (numbers in decimal, "true", "false"); empty when there is none.
  [[nodiscard]] std::string_view field(std::string_view key) const;
  [[nodiscard]] std::string text() const;
};

/// Keeps everything that is logged, in order. One thread.
class captured_log final : public observe::log_sink {
 public:
  [[nodiscard]] const std::vector<logged_event>& events() const noexcept { return events_; }
  [[nodiscard]] std::size_t count(std::string_view name) const;
  /// The newest event of this name; nullptr when there is none.
  [[nodiscard]] const logged_event* last(std::string_view name) const;
  /// All events as text, for failure messages.
  [[nodiscard]] std::string text() const;

  void write(const observe::log_event& event) noexcept override;
  void clear() { events_.clear(); }

 private:
  std::vector<logged_event> events_;
};

}  // namespace godwit::test
