#include "conformance/v5_test.hpp"

namespace godwit::conformance::five {

peer v5_test::join(const connect& c) {
  auto p = open();
  p.send(c.bytes());
  const auto got = p.take(2);
  if (!got) {
    ADD_FAILURE() << c.id << ": no CONNACK";
    return p;
  }
  connack = answer_of(*got);
  EXPECT_EQ(connack.code, 0U) << c.id << " was not let in";
  return p;
}

answer v5_test::refusal_of(const std::string& bytes) {
  auto p = open();
  p.send(bytes);
  const auto all = p.packets();
  EXPECT_TRUE(p.closed()) << "the connection should have ended";
  if (all.size() != 1 || all.front().type() != 2) {
    ADD_FAILURE() << "expected one CONNACK, got " << all.size() << " packets";
    return {};
  }
  return answer_of(all.front());
}

void v5_test::subscribe_to(peer& p, const std::string& filter, unsigned wanted,
                           std::string_view properties) {
  p.send(subscribe(0x7001, {{filter, wanted}}, properties));
  const auto got = p.take(9);
  if (!got) {
    ADD_FAILURE() << filter << ": no SUBACK";
    return;
  }
  EXPECT_EQ(number(answer_of(*got).codes), wanted & 3U) << filter;
}

peer v5_test::listen(const std::string& id, const std::string& filter, unsigned wanted,
                     std::string_view properties) {
  auto p = join(id);
  subscribe_to(p, filter, wanted, properties);
  return p;
}

void v5_test::put(const publish& p) {
  auto sender = join("put" + std::to_string(++names));
  sender.send(p.bytes());
  if (p.qos > 0) {
    const auto got = sender.take(p.qos == 1 ? 4 : 5);
    EXPECT_TRUE(got) << "no answer to a PUBLISH";
  }
  if (p.qos == 2) {
    sender.send(pubrel(p.id));
    EXPECT_TRUE(sender.take(7)) << "no PUBCOMP";
  }
  sender.send(hex("E0 00"));
  sender.expect_end();
}

std::vector<delivery> v5_test::deliveries(peer& p) {
  std::vector<delivery> out;
  for (const auto& one : p.packets()) {
    EXPECT_TRUE(one.is_publish()) << to_hex(one.bytes);
    if (one.is_publish()) out.push_back(delivery_of(one));
  }
  return out;
}

delivery v5_test::only_delivery(peer& p) {
  const auto all = deliveries(p);
  EXPECT_EQ(all.size(), 1U);
  return all.empty() ? delivery{} : all.front();
}

texts v5_test::payloads(peer& p) {
  texts out;
  for (auto batch = p.packets(); !batch.empty(); batch = p.packets()) {
    for (const auto& one : batch) {
      if (one.type() == 6) p.send(pubcomp(answer_of(one).id));
      if (!one.is_publish()) continue;
      const delivery d = delivery_of(one);
      out.push_back(d.topic + "=" + d.payload);
      if (d.qos == 1) p.send(puback(d.id));
      if (d.qos == 2) p.send(pubrec(d.id));
    }
  }
  return out;
}

answer v5_test::only_answer(peer& p) {
  const auto all = p.packets();
  EXPECT_EQ(all.size(), 1U);
  return all.empty() ? answer{} : answer_of(all.front());
}

void v5_test::expect_goodbye(peer& p, unsigned code) {
  const auto all = p.packets();
  EXPECT_TRUE(p.closed()) << "the connection should have ended";
  if (all.empty() || all.back().type() != 14) {
    ADD_FAILURE() << "no DISCONNECT";
    return;
  }
  const answer bye = answer_of(all.back());
  EXPECT_EQ(bye.code, code);
  EXPECT_FALSE(find(bye.properties, 0x11)) << "a server names no session expiry";
}

void v5_test::expect_fault_code(const std::string& bytes, unsigned code) {
  auto p = join("faulty" + std::to_string(++names));
  p.send(bytes);
  SCOPED_TRACE(to_hex(std::string_view{bytes}.substr(0, 64)));
  expect_goodbye(p, code);
}

}  // namespace godwit::conformance::five
