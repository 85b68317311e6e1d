#include <godwit/observe/counters.hpp>

#include <numeric>

namespace godwit::observe {
namespace {

template <std::size_t Size>
std::uint64_t sum_of(const std::array<std::uint64_t, Size>& cells) noexcept {
  return std::accumulate(cells.begin(), cells.end(), std::uint64_t{0});
}

template <std::size_t Size>
void add_cells(const std::array<std::atomic<std::uint64_t>, Size>& from,
               std::array<std::uint64_t, Size>& to) noexcept {
  for (std::size_t i = 0; i < Size; ++i) to[i] += from[i].load(std::memory_order_relaxed);
}

}  // namespace

std::string_view name(counter c) noexcept {
  switch (c) {
    case counter::connections_opened:
      return "connections_opened";
    case counter::connections_closed:
      return "connections_closed";
    case counter::connections_refused:
      return "connections_refused";
    case counter::clients_connected:
      return "clients_connected";
    case counter::sessions_persistent:
      return "sessions_persistent";
    case counter::sessions_persistent_offline:
      return "sessions_persistent_offline";
    case counter::sessions_created:
      return "sessions_created";
    case counter::sessions_resumed:
      return "sessions_resumed";
    case counter::sessions_taken_over:
      return "sessions_taken_over";
    case counter::sessions_expired:
      return "sessions_expired";
    case counter::bytes_received:
      return "bytes_received";
    case counter::bytes_sent:
      return "bytes_sent";
    case counter::packets_received:
      return "packets_received";
    case counter::packets_sent:
      return "packets_sent";
    case counter::publish_bytes_received:
      return "publish_bytes_received";
    case counter::publish_bytes_sent:
      return "publish_bytes_sent";
    case counter::publish_duplicates:
      return "publish_duplicates";
    case counter::publish_received:
      return "publish_received";
    case counter::publish_no_subscriber:
      return "publish_no_subscriber";
    case counter::publish_routed:
      return "publish_routed";
    case counter::copies_made:
      return "copies_made";
    case counter::copies_delivered:
      return "copies_delivered";
    case counter::copies_expired:
      return "copies_expired";
    case counter::copies_ended_with_session:
      return "copies_ended_with_session";
    case counter::copies_in_log:
      return "copies_in_log";
    case counter::copies_redelivered:
      return "copies_redelivered";
    case counter::copies_handed_over:
      return "copies_handed_over";
    case counter::wills_published:
      return "wills_published";
    case counter::subscriptions:
      return "subscriptions";
    case counter::shared_subscriptions:
      return "shared_subscriptions";
    case counter::retained_messages:
      return "retained_messages";
    case counter::retained_bytes:
      return "retained_bytes";
    case counter::retained_expired:
      return "retained_expired";
    case counter::retained_of_clients:
      return "retained_of_clients";
    case counter::retained_bytes_of_clients:
      return "retained_bytes_of_clients";
    case counter::retained_not_kept:
      return "retained_not_kept";
    case counter::retained_withheld:
      return "retained_withheld";
    case counter::stored_messages:
      return "stored_messages";
    case counter::stored_message_bytes:
      return "stored_message_bytes";
    case counter::mail_sent:
      return "mail_sent";
    case counter::mail_batches_sent:
      return "mail_batches_sent";
    case counter::mail_for_nobody:
      return "mail_for_nobody";
    case counter::turns:
      return "turns";
    case counter::busy_us:
      return "busy_us";
    case counter::slowed_by_publish_rate:
      return "slowed_by_publish_rate";
    case counter::slowed_by_publish_bytes:
      return "slowed_by_publish_bytes";
    case counter::slowed_by_memory:
      return "slowed_by_memory";
    case counter::tls_handshakes:
      return "tls_handshakes";
    case counter::tls_resumed:
      return "tls_resumed";
    case counter::tls_failed:
      return "tls_failed";
    case counter::count_:
      break;
  }
  return {};
}

std::string_view name(login_method m) noexcept {
  switch (m) {
    case login_method::anonymous:
      return "anonymous";
    case login_method::password:
      return "password";
    case login_method::certificate:
      return "certificate";
    case login_method::token:
      return "token";
    case login_method::http:
      return "http";
    case login_method::scram:
      return "scram";
    case login_method::count_:
      break;
  }
  return {};
}

std::string_view name(connection_refusal r) noexcept {
  switch (r) {
    case connection_refusal::address:
      return "address";
    case connection_refusal::listener_full:
      return "listener_full";
    case connection_refusal::listener_rate:
      return "listener_rate";
    case connection_refusal::address_rate:
      return "address_rate";
    case connection_refusal::handshake_failed:
      return "handshake_failed";
    case connection_refusal::handshake_timeout:
      return "handshake_timeout";
    case connection_refusal::too_many_handshakes:
      return "too_many_handshakes";
    case connection_refusal::count_:
      break;
  }
  return {};
}

std::string_view name(refuse_reason r) noexcept {
  switch (r) {
    case refuse_reason::not_authorized:
      return "not_authorized";
    case refuse_reason::invalid_topic:
      return "invalid_topic";
    case refuse_reason::retain_refused:
      return "retain_refused";
    case refuse_reason::quota_exceeded:
      return "quota_exceeded";
    case refuse_reason::store_unavailable:
      return "store_unavailable";
    case refuse_reason::connection_closing:
      return "connection_closing";
    case refuse_reason::payload_format_invalid:
      return "payload_format_invalid";
    case refuse_reason::count_:
      break;
  }
  return {};
}

std::string_view name(drop_reason r) noexcept {
  switch (r) {
    case drop_reason::output_limit:
      return "output_limit";
    case drop_reason::offline:
      return "offline";
    case drop_reason::connection_lost:
      return "connection_lost";
    case drop_reason::queue_bytes:
      return "queue_bytes";
    case drop_reason::queue_count:
      return "queue_count";
    case drop_reason::packet_too_large:
      return "packet_too_large";
    case drop_reason::no_permission:
      return "no_permission";
    case drop_reason::session_limit_disconnect:
      return "session_limit_disconnect";
    case drop_reason::refused_by_client:
      return "refused_by_client";
    case drop_reason::shared_member_gone:
      return "shared_member_gone";
    case drop_reason::user_quota:
      return "user_quota";
    case drop_reason::memory_budget:
      return "memory_budget";
    case drop_reason::body_missing:
      return "body_missing";
    case drop_reason::count_:
      break;
  }
  return {};
}

std::string_view name(connect_refusal r) noexcept {
  switch (r) {
    case connect_refusal::malformed:
      return "malformed";
    case connect_refusal::unsupported_version:
      return "unsupported_version";
    case connect_refusal::client_id:
      return "client_id";
    case connect_refusal::bad_login:
      return "bad_login";
    case connect_refusal::not_authorized:
      return "not_authorized";
    case connect_refusal::not_supported:
      return "not_supported";
    case connect_refusal::unavailable:
      return "unavailable";
    case connect_refusal::low_disk:
      return "low_disk";
    case connect_refusal::memory_budget:
      return "memory_budget";
    case connect_refusal::taken_over_too_often:
      return "taken_over_too_often";
    case connect_refusal::count_:
      break;
  }
  return {};
}

std::string_view name(subscribe_refusal r) noexcept {
  switch (r) {
    case subscribe_refusal::not_authorized:
      return "not_authorized";
    case subscribe_refusal::invalid_filter:
      return "invalid_filter";
    case subscribe_refusal::not_supported:
      return "not_supported";
    case subscribe_refusal::too_many:
      return "too_many";
    case subscribe_refusal::low_disk:
      return "low_disk";
    case subscribe_refusal::count_:
      break;
  }
  return {};
}

std::uint64_t totals::sum_of_refused() const noexcept {
  return sum_of(refused);
}
std::uint64_t totals::sum_of_dropped() const noexcept {
  return sum_of(dropped);
}
std::uint64_t totals::sum_of_publish_received() const noexcept {
  return sum_of(publish_received);
}

std::uint64_t totals::sum_of_publish_sent() const noexcept {
  return sum_of(publish_sent);
}

std::int64_t totals::publish_balance() const noexcept {
  const totals& t = *this;
  return static_cast<std::int64_t>(t[counter::publish_received] - sum_of_refused() -
                                   t[counter::publish_no_subscriber] - t[counter::publish_routed]);
}

std::int64_t totals::copy_balance() const noexcept {
  const totals& t = *this;
  return static_cast<std::int64_t>(
      t[counter::copies_made] - t[counter::copies_delivered] - t[counter::copies_expired] -
      sum_of_dropped() - t[counter::copies_ended_with_session] - t[counter::copies_in_log]);
}

void counters::add_to(totals& sums) const noexcept {
  add_cells(cells_.values, sums.values);
  add_cells(cells_.connections_refused, sums.connections_refused);
  add_cells(cells_.refused, sums.refused);
  add_cells(cells_.dropped, sums.dropped);
  add_cells(cells_.connects_refused, sums.connects_refused);
  add_cells(cells_.subscribes_refused, sums.subscribes_refused);
  add_cells(cells_.logins_accepted, sums.logins_accepted);
  add_cells(cells_.logins_refused, sums.logins_refused);
  add_cells(cells_.packets_received, sums.packets_received);
  add_cells(cells_.packets_sent, sums.packets_sent);
  add_cells(cells_.publish_received, sums.publish_received);
  add_cells(cells_.publish_sent, sums.publish_sent);
  add_cells(cells_.closes, sums.closes);
  add_cells(cells_.memory, sums.memory);
}

totals sum(std::span<const counters* const> shards) noexcept {
  totals sums;
  for (const counters* shard : shards) shard->add_to(sums);
  return sums;
}

}  // namespace godwit::observe
