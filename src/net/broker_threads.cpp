#include "broker_host.hpp"
#include "shared_user_board.hpp"

#include <godwit/base/assert.hpp>
#include <godwit/net/broker_threads.hpp>
#include <godwit/net/tls_context.hpp>

#include <algorithm>

namespace godwit::net {
broker_threads::broker_threads(const options& o, const shared_ports& ports)
    : options_{o}, ports_{ports}, ticket_keys_{ports.clock}, mail_{o.shard.shards} {
  const std::size_t shards = o.shard.shards;
  GODWIT_ASSERT(shards >= 1 && shards <= routing::shards_max && ports.counters.size() == shards);
  GODWIT_ASSERT(ports.authenticators.size() == shards && ports.authorizers.size() == shards);
  for (const observe::counters& c : ports.counters) all_counters_.push_back(&c);
  const session::limits& l = options_.shard.limits;
  if (l.user_retained_bytes_max != 0 || l.user_queued_bytes_max != 0) {
    users_ = std::make_unique<shared_user_board>(shards, l.user_queued_bytes_max);
  }
  const thread_ports common{mail_, ports_.clock, ports_.log, board_, ports_.memory};
  for (std::size_t i = 0; i < shards; ++i) {
    const routing::shard_id id{static_cast<std::uint8_t>(i)};
    auto thread = std::make_unique<shard_thread>(id, options_.tune, common);
    auto host = std::make_unique<broker_host>(
        id, options_.shard,
        broker::shard_ports{thread->connections(), mail_, ports_.durable_store,
                            *ports_.authenticators[i], *ports_.authorizers[i], ports_.interest,
                            ports_.numbers, ports_.counters[i], ports_.log, all_counters_,
                            ports_.memory, users_.get()});
    shards_.push_back(&host->shard());
    thread->set_host(std::move(host));
    threads_.push_back(std::move(thread));
  }
  ports_.durable_store.on_news([this] { wake_all(); });
}

broker_threads::~broker_threads() {
  ports_.durable_store.on_news([] {});
  if (!running_) return;
  request_stop();
  request_stop();
  join();
}

broker::shard& broker_threads::shard(routing::shard_id id) noexcept {
  return *shards_[id.value()];
}

base::result<void, listen_error> broker_threads::open(std::vector<given_socket> given) {
  tls_set loaded;
  for (const listener_options& o : options_.listeners) {
    if (!o.tls.is_on()) continue;
    auto made = tls_context::load(o.tls, o.name, ticket_keys_);
    if (!made) {
      return listen_error{listen_error::kind::tls, "listener \"" + o.name + "\": " +
                                                       made.error().key + ": " + made.error().what};
    }
    loaded.entries.push_back({o.name, std::move(*made)});
  }
  auto opened =
      open_listeners(options_.listeners, threads_.size(), options_.tune, std::move(given));
  if (!opened) return opened.error();
  listeners_ = std::move(*opened);
  for (const auto& l : listeners_) {
    l->tls = loaded.find(l->options.name);
    for (std::size_t i = 0; i < l->sockets.size(); ++i) {
      threads_[i]->add_listener(*l, std::move(l->sockets[i]));
    }
    l->sockets.clear();
  }
  return {};
}

std::size_t broker_threads::count_renewed(const tls_set& fresh) const {
  return static_cast<std::size_t>(std::ranges::count_if(listeners_, [&fresh](const auto& l) {
    return l->tls != nullptr && fresh.find(l->options.name) != nullptr;
  }));
}

void broker_threads::renew_tls(routing::shard_id id, const tls_set& fresh) {
  threads_[id.value()]->renew_tls(fresh);
}

void broker_threads::adopt(const options& fresh) {
  std::vector<renewed_rules> rules;
  for (const auto& l : listeners_) {
    const auto its = std::ranges::find(fresh.listeners, l->options.name, &listener_options::name);
    if (its == fresh.listeners.end()) continue;
    l->adopt(*its);
    rules.push_back({l.get(), l->rules});
  }
  for (std::size_t i = 0; i < threads_.size(); ++i) {
    threads_[i]->post([this, i, rules, tune = fresh.tune, how = fresh.shard] {
      threads_[i]->adopt(tune, rules);
      shards_[i]->adopt(how);
    });
  }
}

void broker_threads::start(std::function<void()> on_ended) {
  board_.on_ended = std::move(on_ended);
  running_ = true;
  for (const auto& t : threads_) t->start();
}

void broker_threads::run_on(routing::shard_id id, std::function<void()> work) {
  threads_[id.value()]->post(std::move(work));
}

void broker_threads::wake_all() {
  mail_.nudge_all();
}

void broker_threads::request_stop() {
  board_.requests.fetch_add(1, std::memory_order_acq_rel);
  mail_.nudge_all();
}

void broker_threads::join() {
  for (const auto& t : threads_) t->join();
}

}  // namespace godwit::net
