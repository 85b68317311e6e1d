#pragma once

#include "memory_weather.hpp"
#include "oracle.hpp"
#include "persona.hpp"
#include "plain_client.hpp"
#include "plan.hpp"
#include "rude_client.hpp"
#include "store_weather.hpp"
#include "support/test_broker.hpp"

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

namespace godwit::sim {

/// What came of one run.
struct outcome {
  std::uint64_t seed = 0;
  std::uint64_t hash = 0;
  std::size_t deliveries = 0;
  base::duration simulated{};
  base::duration weather{};  ///< of these, while there were faults
  fault_counts faults{};
  std::vector<std::string> violations{};
  std::string plan{};
  std::string tail{};  ///< the end of the trace, when there are violations
};

/// One run from one seed: bad weather first, then everything is healed and must come to rest with
/// nothing lost, then everybody leaves and nothing may be left over.
class runner {
 public:
  runner(std::uint64_t seed, bool echo);
  [[nodiscard]] outcome run();

 private:
  // Bad weather
  void step();
  void random_turn();
  void turn(std::size_t i, const test::test_broker::turn_plan& how = {});
  void random_mail(routing::shard_id self, std::size_t to);
  void random_network();
  void disturb_a_move();
  [[nodiscard]] bool is_passed_by(const link& l) const;
  void random_commit();
  void random_time();
  void move(link& l, bool up, std::size_t bytes);
  enum class survives : std::uint8_t { nothing, first_batches };
  void crash(survives what);
  void random_crash();
  void fail_store();
  void restart();
  void start_again();
  void after_turn();
  void read_log();

  // Rest
  void settle();
  bool full_round();
  bool come_to_rest();
  void wait(base::duration d, base::duration step);
  void check_progress();
  void check_keep_alive();
  void check_silence();
  void check_balance();
  void check_one_connection_each();
  void audit_retained();
  void leave();
  void check_empty();

  [[nodiscard]] std::shared_ptr<link> dial(const std::string& name);
  void forget_old_links();

  std::uint64_t seed_;
  context context_;
  plan plan_;
  memory_weather memory_weather_;
  test::test_broker broker_;
  store_weather store_weather_;
  oracle oracle_;
  std::vector<std::shared_ptr<link>> links_;
  std::vector<std::unique_ptr<persona>> personas_;
  std::vector<std::unique_ptr<rude_client>> rude_;
  std::unique_ptr<plain_client> auditor_;
  std::size_t logged_ = 0;  ///< events of the broker's log that the trace has
  stamp turn_began_ = 0;
  base::duration weather_{};
  std::size_t failed_for_ = 0;  ///< steps until the broker with the failed store is restarted
  bool is_settling_ = false;
  bool has_left_ = false;
  std::pair<routing::shard_id, routing::shard_id> slow_mail_;  ///< from, to
  std::size_t crashes_left_;
  std::size_t failures_left_;
  std::size_t restarts_left_;
  std::size_t shards_;  ///< of the broker that runs
};

}  // namespace godwit::sim
