#pragma once

#include "bench/connection.hpp"
#include "ledgers.hpp"

#include <cstdint>
#include <map>
#include <optional>
#include <string>

namespace godwit::kill_loop {

/// A new subscriber that looks at what is retained, and compares it with what was acknowledged.
class retained_probe final : public bench::connection {
 public:
  retained_probe(bench::event_loop& loop, ledgers& all) : connection{loop}, all_{all} {}

  void start(const sockaddr_in& server);
  /// Everything is there, or the time for it is over. Adds what it found; true when it is done.
  bool is_done(bench::instant now);
  /// Gives up, as its broker was killed.
  void stop();

 private:
  enum class stage : std::uint8_t { connecting, asking, listening, done };

  void on_connected() override;
  void on_packet(const bench::packet_view& packet, bench::instant now) override;
  void on_closed(const std::string&) override {}

  void take(const bench::publish_view& p);
  [[nodiscard]] bool has_all() const;
  void judge();

  ledgers& all_;
  stage stage_ = stage::done;
  std::map<std::uint32_t, retained_book::floor> floors_;
  std::map<std::uint32_t, message_id> values_;
  std::optional<bench::instant> marked_;
};

}  // namespace godwit::kill_loop
