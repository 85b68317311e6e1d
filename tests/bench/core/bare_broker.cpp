#include "core/bare_broker.hpp"

#include "support/packets.hpp"

#include <godwit/base/assert.hpp>

namespace godwit::bench {
namespace {

/// There is one shard.
class no_post final : public broker::post_office {
 public:
  void post(routing::shard_id, routing::shard_id, broker::mail_batch&&) override {
    GODWIT_ASSERT(false);
  }
};

}  // namespace

std::size_t counting_transport::send(broker::transport_id,
                                     std::span<const base::bytes_view> pieces) {
  std::size_t size = 0;
  for (const base::bytes_view piece : pieces) size += piece.size();
  bytes_sent_ += size;
  return size;
}

std::unique_ptr<broker::detached_transport> counting_transport::detach(broker::transport_id) {
  GODWIT_ASSERT(false);  // everybody is at home
  return nullptr;
}

broker::transport_id counting_transport::attach(std::unique_ptr<broker::detached_transport>,
                                                std::uint64_t) {
  GODWIT_ASSERT(false);
  return {};
}

struct bare_broker::ports {
  no_post mail;
  no_log log;
  store::memory_store durable_store{store::memory_store::mode::immediate};
  auth::anonymous_authenticator authenticator;
  auth::open_authorizer authorizer;
  routing::interest_table interest{1, 0};
  broker::number_source numbers;
  observe::counters counters;
  const observe::counters* all_counters[1] = {&counters};
};

bare_broker::bare_broker(broker::shard_options options) : ports_{std::make_unique<ports>()} {
  options.shards = 1;
  options.sys_interval = std::chrono::seconds{0};
  shard_ =
      std::make_unique<broker::shard>(routing::shard_id{0}, options,
                                      broker::shard_ports{.connections = transport_,
                                                          .mail = ports_->mail,
                                                          .durable_store = ports_->durable_store,
                                                          .authenticator = ports_->authenticator,
                                                          .authorizer = ports_->authorizer,
                                                          .interest = ports_->interest,
                                                          .numbers = ports_->numbers,
                                                          .counters = ports_->counters,
                                                          .log = ports_->log,
                                                          .all_counters = ports_->all_counters});
  broker::shard* const all[] = {shard_.get()};
  ports_->numbers.start_above(broker::recover(all, options, ports_->durable_store, now_));
}

bare_broker::~bare_broker() = default;

broker::connection_token bare_broker::connect(std::string_view client_id, bool clean) {
  shard_->begin_turn(now_);
  const auto token = shard_->open(broker::transport_id{++connections_}, {.address = "bench"});
  shard_->on_bytes(token,
                   test::connect_packet({.client_id = std::string{client_id}, .clean = clean}));
  shard_->end_turn();
  settle();
  return token;
}

void bare_broker::leave(broker::connection_token client) {
  shard_->begin_turn(now_);
  shard_->on_closed(client, broker::transport_end::closed_by_peer);
  shard_->end_turn();
  settle();
}

void bare_broker::feed(broker::connection_token from, base::bytes_view bytes) {
  shard_->begin_turn(now_);
  shard_->on_bytes(from, bytes);
  shard_->end_turn();
  settle();
}

void bare_broker::settle() {
  while (shard_->wants_turn()) {
    shard_->begin_turn(now_);
    shard_->end_turn();
  }
}

}  // namespace godwit::bench
