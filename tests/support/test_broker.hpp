#pragma once

#include "support/captured_log.hpp"
#include "support/memory_post_office.hpp"
#include "support/memory_transport.hpp"

#include <godwit/auth/authenticator.hpp>
#include <godwit/auth/authorizer.hpp>
#include <godwit/broker/shard.hpp>
#include <godwit/routing/interest_table.hpp>
#include <godwit/store/memory_store.hpp>

#include <functional>
#include <memory>
#include <optional>
#include <vector>

namespace godwit::test {

/// The broker with everything around it in memory, and nothing that moves by itself: whoever owns
/// it gives turns to its shards. The store and the log outlive a stop and a crash.
class test_broker {
 public:
  struct options {
    broker::shard_options shard{};
    store::memory_store::mode store_mode = store::memory_store::mode::immediate;
    auth::authorizer* authorizer = nullptr;        ///< nothing: open_authorizer
    auth::authenticator* authenticator = nullptr;  ///< nothing: anonymous_authenticator
    const observe::memory_gauge* memory = nullptr;
  };

  test_broker(const options& o, base::moment now);
  ~test_broker();
  test_broker(const test_broker&) = delete;
  test_broker& operator=(const test_broker&) = delete;

  /// Makes the shards and restores them from the store.
  void start(std::size_t shards, base::moment now);
  /// Power cut: shards, mail and what is not durable are lost, connections break. `start` may
  /// follow.
  void crash();
  /// After a graceful stop: takes the shards down; the store keeps what it was given.
  void take_down();

  [[nodiscard]] std::size_t shards() const noexcept { return shards_.size(); }
  [[nodiscard]] broker::shard& shard(std::size_t i) { return *shards_.at(i)->core; }
  [[nodiscard]] memory_transport& transport(std::size_t i) { return shards_.at(i)->connections; }
  [[nodiscard]] memory_post_office& mail() noexcept { return mail_; }
  [[nodiscard]] store::memory_store& durable_store() noexcept { return store_; }
  [[nodiscard]] captured_log& log() noexcept { return log_; }
  [[nodiscard]] const routing::interest_table& interest() const { return *interest_; }

  /// Is there a reason to give this shard a turn now?
  [[nodiscard]] bool wants_turn(std::size_t i, base::steady_time now);
  /// One turn: events of connections, the batches that `mail` takes out of the post office (all of
  /// them, without one), and `inside`.
  struct turn_plan {
    std::function<void(std::size_t shard)> mail{};
    std::function<void()> inside{};
    bool connections = true;
  };
  void turn(std::size_t i, base::moment now, const turn_plan& plan);
  void turn(std::size_t i, base::moment now) { turn(i, now, turn_plan{}); }
  /// Hands one batch to shard `to`, which is in its turn.
  void deliver_mail(routing::shard_id from, std::size_t to);

  [[nodiscard]] broker::shard::census census() const;
  [[nodiscard]] observe::totals totals() const;
  /// In µs, of all shards.
  [[nodiscard]] observe::histogram_totals acknowledgement_times() const;

 private:
  struct one_shard {
    memory_transport connections;
    observe::counters counters;
    std::unique_ptr<broker::shard> core;
    bool durable_grew = false;
  };

  options options_;
  auth::open_authorizer open_authorizer_;
  auth::anonymous_authenticator anonymous_authenticator_;
  captured_log log_;
  store::memory_store store_;
  memory_post_office mail_;
  broker::number_source numbers_;
  std::unique_ptr<routing::interest_table> interest_;
  std::optional<broker::user_sums> users_;  // where users are limited
  std::vector<std::unique_ptr<one_shard>> shards_;
  std::vector<const observe::counters*> all_counters_;
};

}  // namespace godwit::test
