#include "engine.hpp"

namespace godwit::broker {

namespace {

/// Different kinds of keys fall on shards independently.
enum class placed : std::uint64_t { client = 1, topic = 2, group = 3 };

routing::shard_id place(std::string_view key, placed what, std::uint64_t seed,
                        std::size_t shards) noexcept {
  const auto h = base::seeded_hash(key, {seed, static_cast<std::uint64_t>(what)});
  return routing::shard_id{static_cast<std::uint8_t>(h % shards)};
}

}  // namespace

routing::shard_id home_of(std::string_view client_id, std::uint64_t seed,
                          std::size_t shards) noexcept {
  return shards == 1 ? routing::shard_id{} : place(client_id, placed::client, seed, shards);
}

routing::shard_id home_of_topic(std::string_view topic, std::uint64_t seed,
                                std::size_t shards) noexcept {
  return shards == 1 ? routing::shard_id{} : place(topic, placed::topic, seed, shards);
}

routing::shard_id home_of_group(std::string_view group, std::string_view filter, std::uint64_t seed,
                                std::size_t shards) noexcept {
  if (shards == 1) return {};
  const routing::shard_id by_group = place(group, placed::group, seed, 251);
  return place(filter, placed::group, seed + by_group.value(), shards);
}

shard::shard(routing::shard_id id, const shard_options& options, const shard_ports& ports)
    : engine_{std::make_unique<shard_engine>(id, options, ports)} {}
shard::~shard() = default;

void shard::begin_turn(base::moment now) {
  engine_->begin_turn(now);
}
connection_token shard::open(transport_id id, peer_info peer) {
  return engine_->open(id, std::move(peer));
}
void shard::on_bytes(connection_token token, base::bytes_view bytes) {
  engine_->on_bytes(token, bytes);
}
void shard::on_writable(connection_token token) {
  engine_->on_writable(token);
}
void shard::on_closed(connection_token token, transport_end how) {
  engine_->on_closed(token, how);
}
void shard::on_mail(routing::shard_id from, mail_batch&& batch) {
  engine_->mailbox_.receive(from, std::move(batch));
}
void shard::end_turn() {
  engine_->end_turn();
}
bool shard::wants_turn() const noexcept {
  return engine_->wants_turn();
}
std::optional<base::steady_time> shard::next_due() const {
  return engine_->timers_.next_due();
}
void shard::adopt(const shard_options& fresh) {
  engine_->adopt(fresh);
}
void shard::review() {
  engine_->review();
}
void shard::stop() {
  engine_->stop();
}
bool shard::stopped() const noexcept {
  return engine_->stopped();
}

shard::census shard::take_census() const {
  shard_engine& e = *engine_;
  census c;
  c.connections = e.connections_.size();
  c.sessions = e.sessions_.size();
  c.sessions_connected = e.sessions_connected_;
  c.subscriptions = e.router_.subscription_count();
  c.trie_nodes = e.router_.node_count();
  c.retained = e.retained_.size();
  c.groups = e.groups_.size();
  c.timers = e.timers_.size();
  c.pending = e.pending_.size() + e.replays_.size() + e.tentative_.size() + e.pages_.size();
  e.sessions_.for_each([&](session_handle, const session_slot& s) {
    c.log_entries += s.log.size();
    c.spilled += s.log.spilled();
    c.body_bytes += s.log.compute_held_bytes();
    if (s.will) ++c.wills;
  });
  GODWIT_ASSERT(c.body_bytes == e.bodies_.held);
  for (const auto& [client, wills] : e.restored_wills_) c.wills += wills.size();
  return c;
}

}  // namespace godwit::broker
