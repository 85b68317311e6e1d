#include "oracle.hpp"
#include "plan.hpp"

#include <algorithm>

namespace godwit::sim {

using std::chrono::seconds;

/// The broker had the message when its publisher was answered, and sends it on this connection
/// after its CONNECT: so long it waited at the least.
void oracle::check_expiry(std::size_t persona, message_index m, const arrival& a) const {
  const published& sent = messages_[m];
  const std::string who = "client-" + std::to_string(persona) + ": ";
  const auto left = a.publish.properties.message_expiry_interval();
  if (a.is_v5 && !left) context_.fail(who + "no expiry left of " + name_of(m));
  if (left && *left > sent.expiry_s) context_.fail(who + "the expiry grew of " + name_of(m));
  // Sent again, it is a message of its own that came later.
  if (sent.acked == never || sent.sends != 1 || sent.acked_at >= a.asked_at) return;
  const base::duration waited = a.asked_at - sent.acked_at;
  const seconds expiry{sent.expiry_s};
  if (!a.publish.dup && waited > expiry + seconds{1}) {
    context_.fail(who + "an expired message: " + name_of(m));
  }
  if (left && seconds{*left} > std::max(base::duration{}, expiry - waited) + seconds{1}) {
    context_.fail(who + "the expiry was not decreased of " + name_of(m));
  }
}

/// All identifiers of subscriptions that match for sure, and none of others.
void oracle::check_identifiers(std::size_t persona, message_index m, const arrival& a) const {
  const published& sent = messages_[m];
  const std::string who = "client-" + std::to_string(persona) + ": ";
  std::vector<std::uint32_t> got;
  auto properties = a.publish.properties.all();
  while (const auto p = properties.next()) {
    if (p->id == mqtt::property_id::subscription_identifier) {
      got.push_back(*std::get_if<std::uint32_t>(&p->value));
    }
  }
  for (const auto& [filter, f] : sessions_[persona].filters) {
    const auto found = std::ranges::find(got, identifier_of(filter));
    const bool is_there = found != got.end();
    if (is_there) got.erase(found);
    if (!matches(filter, sent.topic)) {
      if (is_there) context_.fail(who + "the identifier of '" + filter + "' on " + name_of(m));
      continue;
    }
    const bool is_certain = f.certain_since <= sent.first_sent && sent.sends <= 1 &&
                            !sent.is_will && !a.shared && sent.persona != persona;
    if (is_certain && !is_there) {
      context_.fail(who + "no identifier of '" + filter + "' on " + name_of(m));
    }
  }
  if (!got.empty()) context_.fail(who + "an unknown identifier on " + name_of(m));
}

void oracle::on_connected(std::string_view client) {
  for (published& w : messages_) {
    if (!w.is_will || w.ended == never || w.back_in_time != never) continue;
    if (client != "client-" + std::to_string(w.persona)) continue;
    if (context_.now.steady < w.ended_at + seconds{w.delay_s}) w.back_in_time = context_.mark();
  }
}

void oracle::on_clean_start(std::size_t persona) {
  for (published& w : messages_) {
    if (w.is_will && w.persona == persona) w.ends_early = true;
  }
}

/// A will with a delay: not before it has passed, and not if its client was back by then.
void oracle::check_delay(const std::string& who, message_index m) const {
  const published& w = messages_[m];
  const bool met_end = std::ranges::any_of(restarts_, [&](stamp s) { return s > w.first_sent; });
  if (w.delay_s == 0 || w.ends_early || met_end || w.ended == never) return;
  if (context_.now.steady < w.ended_at + seconds{w.delay_s}) {
    context_.fail(who + "a will before its delay: " + name_of(m));
  }
  if (w.back_in_time != never) {
    context_.fail(who + "a will although its client came back: " + name_of(m));
  }
}

}  // namespace godwit::sim
