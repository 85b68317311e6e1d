#include "other_value.hpp"

#include <godwit/config/differences.hpp>
#include <godwit/config/load.hpp>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace godwit::config {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

std::vector<std::string> keys_of(const std::vector<difference>& found) {
  std::vector<std::string> keys;
  for (const difference& d : found) keys.push_back(d.key);
  return keys;
}

configuration from(std::string_view yaml) {
  auto file = load_text(yaml);
  EXPECT_THAT(file.mistakes, IsEmpty());
  return file.value;
}

/// The key is taken over, or it is said that it is not; and nothing else changes.
void expect_taken_or_told(const std::string& path, takes_effect when, const configuration& fresh,
                          configuration running) {
  const auto taken = keys_of(take_live_values(fresh, running));
  const auto left = keys_of(differences(running, fresh));
  if (when == takes_effect::live) {
    EXPECT_THAT(taken, ElementsAre(path));
    EXPECT_THAT(left, IsEmpty());
  } else {
    EXPECT_THAT(taken, IsEmpty());
    EXPECT_THAT(left, ElementsAre(path));
  }
}

TEST(LiveValues, EveryKeyIsTakenOrNeedsARestart) {
  for (const auto& k : broker_keys()) {
    SCOPED_TRACE(k.path);
    configuration fresh;
    ASSERT_EQ(k.set(fresh, other_value(k)), std::nullopt);
    expect_taken_or_told(k.path, k.when, fresh, configuration{});
  }
}

TEST(LiveValues, EveryKeyOfAListenerIsTakenOrNeedsARestart) {
  listener usual;
  usual.options.tls.certificates = {"/cert"};
  for (const auto& k : listener_keys()) {
    if (k.path == "name" || k.path == "bind") continue;  // then it is another one
    SCOPED_TRACE(k.path);
    configuration running;
    running.listeners = {usual};
    configuration fresh = running;
    ASSERT_EQ(k.set(fresh.listeners[0], other_value(k)), std::nullopt);
    expect_taken_or_told("listeners[default]." + k.path, k.when, fresh, running);
  }
}

TEST(LiveValues, TheseKeysNeedARestart) {
  std::vector<std::string> keys;
  for (const auto& k : listener_keys()) {
    if (k.when == takes_effect::at_start) keys.push_back("listeners[]." + k.path);
  }
  for (const auto& k : broker_keys()) {
    if (k.when == takes_effect::at_start) keys.push_back(k.path);
  }
  EXPECT_THAT(
      keys,
      ElementsAre(
          "listeners[].name", "listeners[].bind", "listeners[].port", "listeners[].backlog",
          "listeners[].optional", "listeners[].proxy_protocol.from", "listeners[].websocket.path",
          "shards", "core_files", "connection.packet_bytes_max", "connection.receive_maximum",
          "connection.topic_alias_max", "connection.unacknowledged_max",
          "authentication.hash_threads", "authentication.hash_queue_max",
          "authentication.cache_entries", "authentication.http.threads",
          "authentication.http.queue_max", "users.retained_bytes_max", "users.queued_bytes_max",
          "protocol.will_grace_after_restart", "protocol.maximum_qos", "protocol.retain_available",
          "protocol.wildcards_available", "protocol.shared_available",
          "protocol.subscription_identifiers_available", "store.persistence", "store.ack",
          "store.directory", "store.low_disk", "store.waiting_bytes_max", "tuning.mail_credit",
          "tuning.topic_cache_entries", "tuning.read_bytes_max", "tuning.files_reserved",
          "http.port", "http.bind", "control.socket", "log.format", "log.destination"));
}

TEST(LiveValues, OfAListenerCountWhileItStaysWhereItIs) {
  configuration running = from("listeners: [{name: a, port: 1}, {name: b, port: 2}]\n");
  const configuration fresh = from(
      "listeners: [{name: a, port: 1, authentication: none, connections_max: 9}, "
      "{name: b, port: 2, bind: '::1', connections_max: 9}]\n");
  EXPECT_THAT(keys_of(take_live_values(fresh, running)),
              ElementsAre("listeners[a].connections_max", "listeners[a].authentication"));
  EXPECT_EQ(running.listeners[0].authentication, "none");
  EXPECT_EQ(running.listeners[1].options.connections_max, 0U);  // it would be another place
  EXPECT_THAT(keys_of(differences(running, fresh)),
              ElementsAre("listeners[b].bind", "listeners[b].connections_max"));
}

TEST(LiveValues, WhetherAListenerHasTlsIsDecidedAtTheStart) {
  configuration running = from("listeners: [{name: a, port: 1, connections_max: 1}]\n");
  const configuration fresh =
      from("listeners: [{name: a, port: 1, tls: {certificate: /c, key: /k}}]\n");
  EXPECT_THAT(keys_of(take_live_values(fresh, running)),
              ElementsAre("listeners[a].connections_max"));
  EXPECT_FALSE(running.listeners[0].options.tls.is_on());
}

TEST(LiveValues, ListenersThatComeOrGoNeedARestart) {
  configuration running = from("listeners: [{name: a, port: 1}, {name: b, port: 2}]\n");
  const configuration fresh = from("listeners: [{name: c, port: 3}, {name: a, port: 1}]\n");
  EXPECT_THAT(take_live_values(fresh, running), IsEmpty());
  EXPECT_THAT(keys_of(differences(running, fresh)), ElementsAre("listeners[b]", "listeners[c]"));
}

}  // namespace
}  // namespace godwit::config
