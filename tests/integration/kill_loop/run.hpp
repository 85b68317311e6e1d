#pragma once

#include "balance_sheet.hpp"
#include "cast.hpp"
#include "daemon.hpp"
#include "ledgers.hpp"
#include "options.hpp"
#include "retained_probe.hpp"

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>

namespace godwit::kill_loop {

/// One seed's run: load and kills, a calm in which everything is looked at, and again; at the end
/// everyone's session is deleted. The files of one that was not good stay.
class run {
 public:
  run(const options& chosen, std::uint64_t seed, std::string program);
  ~run();

  /// Throws bench_error when it cannot be carried out. True when nothing was found, or, when losses
  /// are expected, as soon as there is one.
  bool carry_out();

 private:
  enum class kill_moment : std::uint8_t {
    any_time,
    just_started,  // before it listens, perhaps before it does anything
    in_recovery,
    just_ready,  // everyone reconnects
    in_a_burst,
  };

  // run.cpp
  bool live();
  void write_config() const;
  void step();
  void wait(bench::nanoseconds how_long);
  void start_daemon();
  void wait_until_ready();
  void kill_daemon();
  void live_and_kill();
  [[nodiscard]] kill_moment pick_moment();
  void publish_some(bench::nanoseconds elapsed);
  void burst();
  void publish_one(const author& a);

  // calm.cpp
  void come_to_rest(season how);
  [[nodiscard]] bool is_at_rest() const;
  [[nodiscard]] std::string why_not_at_rest() const;
  void look_at_everything();
  void say_farewell();
  void expect_nothing_left(const std::string& when);

  options options_;
  std::uint64_t seed_;
  dice kill_luck_;
  dice publish_luck_;
  std::filesystem::path directory_;
  findings found_;
  ledgers all_;
  bench::event_loop loop_;
  cast cast_;
  daemon daemon_;
  balance_sheet sheet_;
  retained_probe probe_;
  season season_ = season::calm;
  double publish_credit_ = 0;
  bench::instant last_tick_{};
  std::uint64_t kills_ = 0;
  bool is_good_ = false;
};

}  // namespace godwit::kill_loop
