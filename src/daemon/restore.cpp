#include "restore.hpp"

#include <utility>

namespace godwit::daemon {

namespace {

class distributor final : public store::recovery_visitor {
 public:
  distributor(net::broker_threads& to, const broker::shard_options& options, base::moment now)
      : to_(to), options_(options), now_(now) {}

  void on_session(store::restored_session session) override {
    broker::shard& home = home_of(session.client_id);
    home.restore(std::move(session), now_);
  }
  void on_will(store::restored_will will) override {
    broker::shard& home = home_of(will.client_id);
    home.restore(std::move(will), now_);
  }
  void on_retained(base::ref<const mqtt::message> message) override {
    const auto id = broker::home_of_topic(message->topic(), options_.seed, options_.shards);
    to_.shard(id).restore_retained(std::move(message));
  }

 private:
  broker::shard& home_of(std::string_view client_id) {
    return to_.shard(broker::home_of(client_id, options_.seed, options_.shards));
  }

  net::broker_threads& to_;
  const broker::shard_options& options_;
  base::moment now_;
};

}  // namespace

void restore(store::store& from, broker::number_source& numbers, net::broker_threads& to,
             const broker::shard_options& options, base::moment now) {
  distributor visitor{to, options, now};
  numbers.start_above(from.recover(visitor));
}

}  // namespace godwit::daemon
