#pragma once

#include <godwit/auth/gatekeeper.hpp>
#include <godwit/net/broker_threads.hpp>
#include <godwit/net/worker_pool.hpp>

#include <memory>
#include <span>
#include <vector>

namespace godwit::daemon {

/// One gatekeeper for each shard, and the threads that compute passwords and ask services
/// for them. Outlives
/// the broker's threads.
class shard_gates {
 public:
  shard_gates(const std::shared_ptr<const auth::security>& decides, std::size_t shards,
              const base::bytes& secret);

  [[nodiscard]] std::span<auth::authenticator* const> authenticators() const noexcept {
    return authenticators_;
  }
  [[nodiscard]] std::span<auth::authorizer* const> authorizers() const noexcept {
    return authorizers_;
  }

  /// Where answers go from now on. Before `threads` start.
  void connect(net::broker_threads& threads) noexcept { threads_ = &threads; }
  /// On every shard, at the start of one turn: this decides from now on, listeners go on with these
  /// certificates, and everybody who is connected is judged again. Does not wait for it.
  void adopt(const std::shared_ptr<const auth::security>& fresh, const net::tls_set& tls);
  /// Ends the threads; what waits for them is dropped. Before the broker's threads are destroyed.
  void stop() {
    hashing_.stop();
    asking_.stop();
  }

 private:
  class bench final : public auth::workshop {
   public:
    bench(shard_gates& owner, net::worker_pool& pool, routing::shard_id id) noexcept
        : owner_{owner}, pool_{pool}, id_{id} {}
    bool submit(std::function<void()> work, std::function<void()> after) override;

   private:
    shard_gates& owner_;
    net::worker_pool& pool_;
    routing::shard_id id_;
  };

  net::worker_pool hashing_;
  net::worker_pool asking_;
  net::broker_threads* threads_ = nullptr;
  std::vector<std::unique_ptr<bench>> benches_;
  std::vector<std::unique_ptr<auth::gatekeeper>> gates_;
  std::vector<auth::authenticator*> authenticators_;
  std::vector<auth::authorizer*> authorizers_;
};

}  // namespace godwit::daemon
