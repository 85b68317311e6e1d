#include "engine.hpp"

namespace godwit::broker {

/// Where a connection comes from; what its CONNECT says is up to the caller.
auth::credentials shard_engine::credentials_of(const connection& c) const noexcept {
  auth::credentials out;
  out.peer = c.peer.address;
  out.listener = c.peer.listener_name();
  out.certificate = c.peer.certificate.get();
  out.now = now;
  return out;
}

/// A login that ends by itself, such as a token's, takes its connection along.
void shard_engine::arm_login_expiry(connection_handle h, const auth::principal& who) {
  if (who.expires() == base::wall_time::max()) return;
  const base::duration left = std::max(who.expires() - now.wall, std::chrono::milliseconds{0});
  arm(now.steady + left, timer_kind::login_expiry, h.index, h.generation);
}

void shard_engine::on_login_expiry(connection_handle h) {
  const connection* const c = connections_.find(h);
  if (c == nullptr || c->is_doomed) return;
  const session_slot* const s = find(c->session);
  if (s == nullptr) return;
  if (s->owner.expires() > now.wall) {  // the wall clock was set back
    arm_login_expiry(h, s->owner);
    return;
  }
  doom(h, {session::close_cause::not_authorized,
           {mqtt::reason_code::not_authorized, "", "the login has expired"}});
}

/// Subscriptions stay: what they may deliver is asked message by message.
void shard_engine::review() {
  connections_.for_each([this](connection_handle h, connection& c) {
    session_slot* const s = find(c.session);
    if (s == nullptr || c.is_doomed) return;
    auth::credentials from = credentials_of(c);
    from.client_id = s->client_id;
    auto still = ports.authenticator.review(s->owner, from);
    if (!still || *still != s->owner) {
      doom(h, {session::close_cause::not_authorized,
               {mqtt::reason_code::not_authorized, "", "the login is not valid any more"}});
      return;
    }
    s->owner = std::move(*still);
    list_for_pump(c.session, *s);
  });
}

bool shard_engine::may_receive(const session_slot& s, std::string_view topic) const noexcept {
  return ports.authorizer.check(s.owner, s.client_id, auth::action::receive, topic).allowed;
}

/// A right that was there when the message was queued is gone.
void shard_engine::withhold(session_handle h, session_slot& s, const session::outgoing& o) {
  using observe::drop_reason;
  if (o.quality == mqtt::qos::at_most_once) {
    count_dropped(s, drop_reason::no_permission, {1, 0}, true);
    return;
  }
  count_dropped(s, drop_reason::no_permission, s.log.withdraw(o, records_), true);
  list_for_pump(h, s);
}

}  // namespace godwit::broker
