#include "engine.hpp"

#include <godwit/broker/inspection.hpp>

namespace godwit::broker {

namespace {

/// Places of sessions that one page looks at.
constexpr std::uint32_t places_per_page = 256;
/// A page ends with the session that reaches this.
constexpr std::size_t subscriptions_per_page = 1'000;
/// Places of connections that one step of a drain looks at.
constexpr std::uint32_t places_per_step = 4'096;
constexpr std::size_t retained_per_page = 256;
constexpr std::size_t retained_bytes_per_page = 262'144;

std::string_view name_of(session::log_entry::state s) noexcept {
  using state = session::log_entry::state;
  switch (s) {
    case state::tentative:
      return "tentative";
    case state::queued:
      return "queued";
    case state::admitted:
      return "admitted";
    case state::sent:
      return "sent";
    case state::received:
      return "received";
    case state::released:
      return "released";
    case state::moving:
      return "moving";
    case state::gone:
      break;
  }
  return "gone";
}

client_view view_of(const session_slot& s, const connection* c) {
  client_view v;
  v.client_id = s.client_id;
  v.user = s.owner.user_name();
  v.version = s.version;
  v.is_persistent = s.is_persistent();
  v.expiry_s = s.expiry_s;
  v.subscriptions = s.subscriptions.size();
  v.queued = s.log.size();
  v.queued_most = std::max<std::uint32_t>(s.queued_most, s.log.size());
  v.queued_bytes = s.log.bytes();
  v.inflight = s.log.inflight();
  v.has_will = s.will != nullptr;
  if (c == nullptr) return v;
  v.is_connected = true;
  v.address = c->peer.address;
  v.listener = c->peer.listener_name();
  v.connected_at = base::wall_time{std::chrono::seconds{c->connected_at_s}};
  v.keep_alive_s = c->keep_alive_s;
  v.unsent_bytes = c->output ? c->output->size() : 0;
  return v;
}

void append_subscriptions(const session_slot& s, std::vector<subscription_view>& out) {
  s.subscriptions.for_each([&](std::string_view filter, const store::subscription_terms& terms) {
    out.push_back({s.client_id, std::string{filter}, terms});
  });
}

const session::close_reason by_operator{
    session::close_cause::administrative,
    {mqtt::reason_code::administrative_action, "", "disconnected by the operator"}};

}  // namespace

client_page inspection::list_clients(std::uint32_t from) const {
  client_page page;
  page.next = shard_.sessions_.for_each_of(
      from, places_per_page, [&](session_handle, const session_slot& s) {
        if (!s.ended) page.clients.push_back(view_of(s, shard_.connections_.find(s.connection)));
      });
  return page;
}

std::optional<client_history> inspection::find_client(std::string_view client_id) const {
  const session_slot* const s = shard_.find(shard_.find_session(client_id));
  client_history out;
  out.entries = shard_.history_.of(client_id);
  if (s == nullptr && out.entries.empty()) return std::nullopt;
  if (s != nullptr) {
    out.now = view_of(*s, shard_.connections_.find(s->connection));
  }
  return out;
}

subscription_page inspection::list_subscriptions(std::uint32_t from) const {
  subscription_page page{{}, from};
  for (std::uint32_t places = 0;
       page.next && places < places_per_page && page.subscriptions.size() < subscriptions_per_page;
       ++places) {
    page.next =
        shard_.sessions_.for_each_of(*page.next, 1, [&](session_handle, const session_slot& s) {
          if (!s.ended) append_subscriptions(s, page.subscriptions);
        });
  }
  return page;
}

std::optional<std::vector<subscription_view>> inspection::subscriptions_of(
    std::string_view client_id) const {
  const session_slot* const s = shard_.find(shard_.find_session(client_id));
  if (s == nullptr) return std::nullopt;
  std::vector<subscription_view> out;
  append_subscriptions(*s, out);
  return out;
}

std::optional<std::vector<queued_view>> inspection::peek(std::string_view client_id,
                                                         std::uint32_t most) const {
  const session_slot* const s = shard_.find(shard_.find_session(client_id));
  if (s == nullptr) return std::nullopt;
  std::vector<queued_view> out;
  s->log.peek(most, [&](const session::log_entry& e) {
    queued_view v;
    v.position = e.position().value();
    v.number = e.number().value();
    v.state = name_of(e.at());
    v.quality = e.quality();
    v.packet_id = e.id().value();
    v.size = e.size();
    v.arrival = e.arrival();
    if (e.has_body()) v.message = e.body();
    out.push_back(std::move(v));
  });
  return out;
}

retained_view inspection::list_retained(std::string_view filter,
                                        const std::optional<std::string>& after) const {
  auto page = shard_.retained_.match(filter, after, retained_per_page, retained_bytes_per_page);
  return {std::move(page.messages), std::move(page.next)};
}

bool inspection::has_retained(std::string_view topic) const {
  return static_cast<bool>(shard_.retained_.find(topic));
}

bool inspection::disconnect(std::string_view client_id) {
  const session_slot* const s = shard_.find(shard_.find_session(client_id));
  if (s == nullptr || !s->connection) return false;
  shard_.doom(s->connection, by_operator);
  return true;
}

bool inspection::end_session(std::string_view client_id) {
  session_handle h = shard_.find_session(client_id);
  session_slot* s = shard_.find(h);
  if (s == nullptr) return false;
  if (s->connection) {
    shard_.end_connection(s->connection, by_operator);
    h = shard_.find_session(client_id);  // one that ends with its connection is gone
    s = shard_.find(h);
  }
  if (s != nullptr) {
    shard_.log(observe::log_level::info, "session.deleted", {{"client", client_id}});
    shard_.end_session(h, *s);
  }
  return true;
}

bool inspection::publish(std::string_view topic, base::bytes_view payload, mqtt::qos quality,
                         bool retain) {
  if (shard_.is_disk_low() && (retain || quality != mqtt::qos::at_most_once)) return false;
  mqtt::message_fields f;
  f.number = shard_.next_number();
  f.topic = topic;
  f.payload = payload;
  f.quality = quality;
  f.retain = retain;
  if (retain) f.retain_version = shard_.ports.numbers.retain_version();
  f.arrival = shard_.now.wall;
  shard_.publish_own(mqtt::message::make(f), {}, {});
  return true;
}

void inspection::begin_drain() {
  shard_.is_draining_ = true;
}

drain_step inspection::drain(std::uint32_t from, std::size_t most) {
  drain_step step{0, shard_.connections_.size(), from};
  for (std::uint32_t places = 0; step.next && step.ended < most && places < places_per_step;
       ++places) {
    step.next = shard_.connections_.for_each_of(
        *step.next, 1, [&](connection_handle h, const connection& c) {
          if (c.at == phase::closing || c.is_doomed) return;
          ++step.ended;
          shard_.doom(
              h, {session::close_cause::administrative,
                  {mqtt::reason_code::server_shutting_down, "", "the broker is being drained"}});
        });
  }
  step.left -= step.ended;
  return step;
}

void inspection::end_drain() {
  shard_.is_draining_ = false;
}

session::batch_number inspection::last_change() const noexcept {
  if (!shard_.records_.is_empty()) return shard_.records_.open_batch();
  return shard_.submitted_.empty() ? shard_.durable_batch_ : shard_.submitted_.back().batch;
}

bool inspection::is_durable(session::batch_number batch) const noexcept {
  return batch.is_covered_by(shard_.durable_batch_);
}

}  // namespace godwit::broker
