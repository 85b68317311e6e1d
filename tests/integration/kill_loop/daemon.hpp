#pragma once

#include "bench/connection.hpp"
#include "findings.hpp"

#include <sys/types.h>

#include <cstdint>
#include <deque>
#include <optional>
#include <string>

namespace godwit::kill_loop {

/// The godwitd under test: started, watched through its log, killed. Its store outlives it.
class daemon final : public bench::event_source {
 public:
  enum class state : std::uint8_t { none, starting, ready, ended };

  /// `program` is run with `--config config_path`.
  daemon(bench::event_loop& loop, findings& found, std::string program, std::string config_path);
  ~daemon() override;

  /// Forks and executes; returns at once. There must be no process.
  void start();
  /// SIGKILL, and waits for the end.
  void kill();
  /// SIGTERM; it must end by itself, with status 0.
  void terminate(bench::nanoseconds patience);

  [[nodiscard]] state now() const { return state_; }
  [[nodiscard]] pid_t pid() const { return pid_; }
  /// Of its listener, once it is ready.
  [[nodiscard]] sockaddr_in address() const { return address_; }
  /// How long the last start took that was waited for.
  [[nodiscard]] bench::nanoseconds start_time() const { return start_time_; }
  /// The end of its log.
  [[nodiscard]] std::string last_words() const;

  void on_events(std::uint32_t events) override;

 private:
  void take_line(const std::string& line);
  /// Its pipe has ended or is empty.
  bool read_some();
  void close_log();

  bench::event_loop& loop_;
  findings& found_;
  std::string program_;
  std::string config_path_;
  state state_ = state::none;
  pid_t pid_ = 0;
  int log_ = -1;
  std::string partial_;
  std::deque<std::string> lines_;
  sockaddr_in address_{};
  bench::instant started_{};
  bench::nanoseconds start_time_{0};
};

}  // namespace godwit::kill_loop
