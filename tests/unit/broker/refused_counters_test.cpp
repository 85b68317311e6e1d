#include "conformance/doubles.hpp"
#include "store_world.hpp"

#include <godwit/mqtt/properties.hpp>

/// Every CONNECT and every filter that is refused counts once, under its reason.

namespace godwit::broker::test {
namespace {

using conformance::test_authenticator;
using conformance::test_authorizer;
using mqtt::reason_code;
using observe::connect_refusal;
using observe::subscribe_refusal;

constexpr auto v5 = godwit::test::v5;

class RefusedCounters : public ::testing::Test {
 protected:
  world& broker() {
    if (!w_) {
      options.shards = 1;
      options.authenticator = &logins;
      options.authorizer = &rights;
      w_.emplace(options);
    }
    return *w_;
  }
  /// This first packet ends its connection, and counts so.
  void expect_refused(const connect_options& o, connect_refusal why) {
    const auto before = broker().counters();
    auto c = broker().connect_socket();
    c.send(godwit::test::connect_packet(o));
    broker().run();
    EXPECT_TRUE(c.closed()) << name(why);
    expect_one_more(before.connects_refused, broker().counters().connects_refused, why);
  }
  void expect_refused(test_client& c, const std::string& filter, subscribe_refusal why) {
    const auto before = broker().counters();
    c.subscribe(filter);
    expect_one_more(before.subscribes_refused, broker().counters().subscribes_refused, why);
  }
  template <class Cells, class Reason>
  static void expect_one_more(Cells expected, const Cells& now, Reason why) {
    ++expected.at(static_cast<std::size_t>(why));
    EXPECT_EQ(expected, now) << name(why);
  }

  world_options options;
  test_authenticator logins;
  test_authorizer rights;

 private:
  std::optional<world> w_;
};

TEST_F(RefusedCounters, TellWhyACONNECTGotNoSession) {
  options.limits.client_id_bytes_max = 10;
  options.limits.maximum_qos = qos1;
  options.limits.takeovers_max = 1;
  options.limits.keep_alive_max_s = 60;
  logins.answers = {{"wrong", reason_code::bad_user_name_or_password},
                    {"unasked", reason_code::server_unavailable}};
  rights.denied = {{auth::action::will, "secret"}};

  base::bytes malformed = godwit::test::connect_packet({.version = v5, .client_id = "a"});
  malformed[9] |= std::byte{1};  // a reserved flag
  const auto before = broker().counters();
  auto c = broker().connect_socket();
  c.send(malformed);
  broker().run();
  expect_one_more(before.connects_refused, broker().counters().connects_refused,
                  connect_refusal::malformed);

  const auto five = [](connect_options o) {
    o.version = v5;
    if (o.client_id == "client") o.client_id = "c";
    return o;
  };
  expect_refused(five({.client_id = "longer-than-ten"}), connect_refusal::client_id);
  expect_refused(five({.user_name = "wrong"}), connect_refusal::bad_login);
  expect_refused(five({.user_name = "unasked"}), connect_refusal::unavailable);
  expect_refused(five({.will = {{.topic = "secret"}}}), connect_refusal::not_authorized);
  expect_refused(five({.will = {{.topic = "w", .quality = qos2}}}), connect_refusal::not_supported);
  expect_refused({.version = v311, .client_id = "k", .keep_alive_s = 61},
                 connect_refusal::unavailable);

  auto mine = broker().connect(five({.client_id = "mine", .user_name = "ann"}));
  expect_refused(five({.client_id = "mine", .user_name = "bob"}), connect_refusal::not_authorized);
  auto again = broker().connect(five({.client_id = "mine", .user_name = "ann"}));
  expect_refused(five({.client_id = "mine", .user_name = "ann"}),
                 connect_refusal::taken_over_too_often);

  broker().durable_store().set_state(condition::low_disk);
  broker().run();
  expect_refused(five({.will = {{.topic = "w"}}}), connect_refusal::low_disk);
}

TEST_F(RefusedCounters, TellWhyAFilterWasNotGranted) {
  options.limits.topic_levels_max = 4;
  options.limits.shared_available = false;
  options.limits.subscriptions_max = 2;
  rights.denied = {{auth::action::subscribe, "secret"}};
  auto c = broker().connect({.version = v5, .client_id = "c", .clean = false});
  expect_refused(c, "secret", subscribe_refusal::not_authorized);
  expect_refused(c, "a/b/c/d/e", subscribe_refusal::invalid_filter);
  expect_refused(c, "$share/g/a", subscribe_refusal::not_supported);
  c.subscribe("one");
  c.subscribe("two");
  expect_refused(c, "three", subscribe_refusal::too_many);
  EXPECT_EQ(broker().counters().gauge(observe::counter::subscriptions), 2);
}

TEST_F(RefusedCounters, CountAFilterForWhichTheDiskIsLow) {
  base::bytes properties;
  mqtt::properties_builder{properties}.add(mqtt::property_id::session_expiry_interval, 100U);
  auto c =
      broker().connect({.version = v5, .client_id = "c", .clean = false, .properties = properties});
  broker().durable_store().set_state(condition::low_disk);
  broker().run();
  expect_refused(c, "a", subscribe_refusal::low_disk);
}

}  // namespace
}  // namespace godwit::broker::test
