#include "shard_gates.hpp"

#include <godwit/base/assert.hpp>
#include <godwit/base/checked_cast.hpp>

namespace godwit::daemon {
namespace {

routing::shard_id id_of(std::size_t i) {
  return routing::shard_id{base::checked_cast<std::uint8_t>(i)};
}

}  // namespace

shard_gates::shard_gates(const std::shared_ptr<const auth::security>& decides, std::size_t shards,
                         const base::bytes& secret)
    : hashing_{decides->login.hash_threads, decides->login.hash_queue_max},
      asking_{decides->remote ? decides->login.http_threads : std::size_t{1},
              decides->login.http_queue_max} {
  for (std::size_t i = 0; i < shards; ++i) {
    benches_.push_back(std::make_unique<bench>(*this, hashing_, id_of(i)));
    bench& computing = *benches_.back();
    benches_.push_back(std::make_unique<bench>(*this, asking_, id_of(i)));
    gates_.push_back(std::make_unique<auth::gatekeeper>(
        decides, computing, *benches_.back(), secret, auth::gatekeeper::place{i, shards}));
    authenticators_.push_back(gates_.back().get());
    authorizers_.push_back(gates_.back().get());
  }
}

void shard_gates::adopt(const std::shared_ptr<const auth::security>& fresh,
                        const net::tls_set& tls) {
  GODWIT_ASSERT(threads_ != nullptr);
  for (std::size_t i = 0; i < gates_.size(); ++i) {
    threads_->run_on(id_of(i), [this, i, fresh, tls] {
      gates_[i]->adopt(fresh);
      threads_->renew_tls(id_of(i), tls);
      threads_->shard(id_of(i)).review();
    });
  }
}

bool shard_gates::bench::submit(std::function<void()> work, std::function<void()> after) {
  return pool_.submit([this, work = std::move(work), after = std::move(after)] {
    work();
    owner_.threads_->run_on(id_, after);
  });
}

}  // namespace godwit::daemon
