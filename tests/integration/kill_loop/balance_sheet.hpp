#pragma once

#include "bench/connection.hpp"

#include <cstdint>
#include <map>
#include <string>
#include <string_view>

namespace godwit::kill_loop {

/// The broker's own counters, read from $SYS/broker/godwit/... over a connection of its own.
///
///     publish_received = refused + no subscriber + routed
///     copies_made      = delivered + expired + dropped + ended with their session + in the log
class balance_sheet final : public bench::connection {
 public:
  explicit balance_sheet(bench::event_loop& loop) : connection{loop} {}

  void start(const sockaddr_in& server);
  void stop();

  /// Publications since start() that are complete.
  [[nodiscard]] unsigned readings() const { return readings_; }
  [[nodiscard]] std::int64_t value(std::string_view name) const;
  /// What does not add up in the newest reading; empty when all does.
  [[nodiscard]] std::string faults() const;

 private:
  void on_connected() override;
  void on_packet(const bench::packet_view& packet, bench::instant now) override;
  void on_closed(const std::string&) override {}

  [[nodiscard]] std::int64_t sum(std::string_view prefix) const;

  std::map<std::string, std::int64_t, std::less<>> incoming_;
  std::map<std::string, std::int64_t, std::less<>> values_;  // as of the newest whole publication
  bench::instant last_arrival_{};
  unsigned readings_ = 0;
};

}  // namespace godwit::kill_loop
