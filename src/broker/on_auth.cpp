#include "connect_rules.hpp"
#include "counting.hpp"
#include "engine.hpp"

namespace godwit::broker {

namespace {

using auth::exchange;
using mqtt::reason_code;
using session::close_cause;

/// What the client says to the exchange in an AUTH. [v5 MQTT-4.12.0-5]
base::result<base::bytes_view, mqtt::protocol_error> data_in(const mqtt::auth_view& p,
                                                             const enhanced_login& login) {
  if (p.properties.authentication_method() != login.method) {
    return mqtt::protocol_error{reason_code::protocol_error, "v5 MQTT-4.12.0-5",
                                "AUTH with another method than CONNECT"};
  }
  return p.properties.authentication_data().value_or(base::bytes_view{});
}

const char* words_of(const auth::verdict& v) noexcept {
  return v.why[0] != '\0' ? v.why : "refused by authentication";
}

}  // namespace

/// A CONNECT names a method: its first step. If there are more, the CONNECT is kept with them; all
/// are taken on the shard that accepted the connection.
void shard_engine::start_exchange(connection_handle h, const auth::credentials& asked,
                                  const mqtt::connect_view& p, std::size_t connect_size) {
  connection& c = connections_.at(h);
  enhanced_login& login = *c.v5->login;
  login.steps = ports.authenticator.begin_exchange(asked, login.method);
  if (login.steps == nullptr) {
    refuse(h, {reason_code::bad_authentication_method, "v5 MQTT-4.12.0-1",
               "an authentication method that is not served"});
    return;
  }
  exchange::step first =
      login.steps->take(p.properties.authentication_data().value_or(base::bytes_view{}), now);
  if (first.is == exchange::state::over) {
    login.steps.reset();
    count_login(ports.counters, first.end);
    authenticated(h, std::move(first.end));
    return;
  }
  const auto end = c.input.begin() + static_cast<std::ptrdiff_t>(connect_size);
  login.connect.assign(c.input.begin(), end);
  c.input.erase(c.input.begin(), end);
  c.at = phase::exchanging;
  if (!write_auth(h, c, reason_code::continue_authentication, first.data)) return;
  if (!c.input.empty()) list_for_input(h, c);
}

/// The last step said yes: goes on with the CONNECT as if it had just come.
void shard_engine::finish_exchange(connection_handle h) {
  connection& c = connections_.at(h);
  enhanced_login& login = *c.v5->login;
  c.input.insert(c.input.begin(), login.connect.begin(), login.connect.end());
  login.connect = base::bytes{};
  authenticated(h, std::move(login.end));
  if (connection* const still = connections_.find(h)) update_reading(h, *still);
}

/// Between CONNECT and CONNACK a client may send AUTH and DISCONNECT only. [v5 MQTT-3.1.2-30]
shard_engine::handled shard_engine::on_login_packet(connection_handle h, connection& c,
                                                    const mqtt::frame& f) {
  enhanced_login& login = *c.v5->login;
  if (f.type == mqtt::packet_type::disconnect) {
    const auto p = mqtt::decode_disconnect(f, c.version);
    if (!p) {
      fail(h, p.error());
    } else {
      doom(h, {close_cause::client_disconnected, {p->code, "", ""}});
    }
    return handled::ended;
  }
  if (f.type != mqtt::packet_type::auth) {
    fail(h, {reason_code::protocol_error, "v5 MQTT-3.1.2-30",
             "another packet than AUTH before the CONNACK"});
    return handled::ended;
  }
  const auto p = mqtt::decode_auth(f);
  if (!p) {
    fail(h, p.error());
    return handled::ended;
  }
  if (has_too_many_user_properties(p->properties, options.limits)) {
    fail(h, {reason_code::quota_exceeded, "", too_many_properties});
    return handled::ended;
  }
  if (p->code != reason_code::continue_authentication) {
    fail(h, {reason_code::protocol_error, "v5 MQTT-4.12.0-3",
             "an AUTH that goes on with another code than 0x18"});
    return handled::ended;
  }
  const auto data = data_in(*p, login);
  if (!data) {
    fail(h, data.error());
    return handled::ended;
  }
  exchange::step step = login.steps->take(*data, now);
  if (step.is == exchange::state::goes_on) {
    return write_auth(h, c, reason_code::continue_authentication, step.data) ? handled::yes
                                                                             : handled::ended;
  }
  login.steps.reset();
  count_login(ports.counters, step.end);
  if (step.end.code != reason_code::success) {
    fail(h, {step.end.code, "v5 MQTT-4.12.0-4", words_of(step.end)});
    return handled::ended;
  }
  login.end = std::move(step.end);
  c.at = phase::authenticating;  // whoever handles the input calls `finish_exchange`
  return handled::yes;
}

/// Re-authentication: the old login counts until the new one is there. [v5 MQTT-4.12.1-1]
shard_engine::handled shard_engine::on_auth(connection_handle h, connection& c,
                                            const mqtt::frame& f) {
  if (!c.v5 || !c.v5->login) {
    fail(h, {reason_code::protocol_error, "v5 MQTT-4.12.0-7",
             "AUTH without an authentication method"});
    return handled::ended;
  }
  enhanced_login& login = *c.v5->login;
  const auto p = mqtt::decode_auth(f);
  if (!p) {
    fail(h, p.error());
    return handled::ended;
  }
  if (has_too_many_user_properties(p->properties, options.limits)) {
    fail(h, {reason_code::quota_exceeded, "", too_many_properties});
    return handled::ended;
  }
  const auto data = data_in(*p, login);
  if (!data) {
    fail(h, data.error());
    return handled::ended;
  }
  const bool begins = p->code == reason_code::re_authenticate;
  if (begins == (login.steps != nullptr)) {
    fail(h, {reason_code::protocol_error, "v5 MQTT-4.12.1-1",
             begins ? "AUTH 0x19 within a re-authentication"
                    : "AUTH 0x18 outside of a re-authentication"});
    return handled::ended;
  }
  if (begins) {
    auth::credentials asked = credentials_of(c);
    asked.client_id = sessions_.at(c.session).client_id;
    login.steps = ports.authenticator.begin_exchange(asked, login.method);
    if (login.steps == nullptr) {
      doom(h, {close_cause::not_authorized,
               {reason_code::not_authorized, "v5 MQTT-4.12.1-2",
                "the authentication method is not served any more"}});
      return handled::ended;
    }
  }
  exchange::step step = login.steps->take(*data, now);
  if (step.is == exchange::state::goes_on) {
    return write_auth(h, c, reason_code::continue_authentication, step.data) ? handled::yes
                                                                             : handled::ended;
  }
  login.steps.reset();
  count_login(ports.counters, step.end);
  return reauthenticated(h, c, std::move(step.end)) ? handled::yes : handled::ended;
}

/// A connection stays with its user. [v5 MQTT-4.12.1-2]
bool shard_engine::reauthenticated(connection_handle h, connection& c, auth::verdict v) {
  session_slot& s = sessions_.at(c.session);
  const bool is_let_in = v.code == reason_code::success;
  if (!is_let_in || v.who != s.owner) {
    doom(h, {close_cause::not_authorized,
             {reason_code::not_authorized, "v5 MQTT-4.12.1-2",
              is_let_in ? "re-authentication as another user" : words_of(v)}});
    return false;
  }
  // A timer that is there already finds out itself that the login lasts longer now.
  if (v.who.expires() < s.owner.expires()) arm_login_expiry(h, v.who);
  s.owner = std::move(v.who);
  list_for_pump(c.session, s);
  log(observe::log_level::info, "client.reauthenticated",
      {{"client", s.client_id}, {"user", s.owner.user_name()}});
  return write_auth(h, c, reason_code::success, v.data);
}

/// No reason and no user property [v5 MQTT-3.15.2-2] [v5 MQTT-3.15.2-3]: what is left must fit, or
/// the client cannot be served. [v5 MQTT-4.12.0-2] [v5 MQTT-3.1.2-24]
bool shard_engine::write_auth(connection_handle h, connection& c, reason_code code,
                              base::bytes_view data) {
  composed_.clear();
  mqtt::properties_builder to{composed_};
  to.add(mqtt::property_id::authentication_method, std::string_view{c.v5->login->method});
  if (!data.empty()) to.add(mqtt::property_id::authentication_data, data);
  base::bytes& out = output(h, c).bytes();
  const std::size_t before = out.size();
  mqtt::encode(mqtt::auth_view{code, mqtt::properties_view{composed_}}, out);
  if (out.size() - before > c.v5->packet_bytes_max) {
    out.resize(before);
    const mqtt::protocol_error error{reason_code::packet_too_large, "v5 MQTT-3.1.2-24",
                                     "an AUTH does not fit into the client's Maximum Packet Size"};
    if (c.at == phase::exchanging) {
      refuse(h, error);
    } else {
      doom(h, {close_cause::packet_too_large, error});
    }
    return false;
  }
  count_sent(mqtt::packet_type::auth);
  return true;
}

}  // namespace godwit::broker
