#include "conformance/broker_test.hpp"

#include <ostream>
#include <utility>

namespace godwit::conformance {

std::string& peer::fetch() {
  const auto all = socket_.received();
  unread_ += base::as_text(all).substr(seen_);
  seen_ = all.size();
  return unread_;
}

std::string peer::look() {
  return to_hex(std::exchange(fetch(), {}));
}

std::vector<received> peer::packets() {
  return take_packets(fetch());
}

std::optional<received> peer::take(unsigned type) {
  std::optional<received> found;
  std::string rest;
  for (auto& p : packets()) {
    if (!found && p.type() == type) {
      found = std::move(p);
    } else {
      rest += p.bytes;
    }
  }
  unread_ = rest + unread_;
  return found;
}

texts peer::messages() {
  texts out;
  for (const auto& p : packets()) {
    if (p.is_publish()) out.push_back(p.topic() + "=" + p.payload());
  }
  return out;
}

received peer::message() {
  const auto all = packets();
  if (all.size() == 1 && all.front().is_publish()) return all.front();
  ADD_FAILURE() << "expected one PUBLISH, got " << all.size() << " packets";
  for (const auto& p : all) {
    if (p.is_publish()) return p;
  }
  return {.bytes = {}, .first = 0x30, .body = field("nothing")};
}

texts peer::drain() {
  texts out;
  for (auto batch = packets(); !batch.empty(); batch = packets()) {
    for (const auto& p : batch) {
      if (p.is_publish()) out.push_back(p.topic() + "=" + p.payload());
      if (p.is_publish() && p.qos() == 1) send(puback(p.id()));
      if (p.is_publish() && p.qos() == 2) send(pubrec(p.id()));
      if (p.type() == 6) send(pubcomp(p.id()));
    }
  }
  return out;
}

void peer::cut() {
  fetch();
  socket_.reset();
  (void)socket_.closed();
}

void peer::expect(std::string_view bytes) {
  EXPECT_EQ(look(), to_hex(bytes));
}

void peer::expect_silence() {
  EXPECT_EQ(look(), "");
  EXPECT_FALSE(closed());
}

void peer::expect_end(std::string_view bytes) {
  EXPECT_EQ(look(), to_hex(bytes));
  EXPECT_TRUE(closed()) << "the connection should have ended";
}

void peer::expect_alive() {
  send(pingreq());
  expect(pingresp());
}

void PrintTo(const setup& s, std::ostream* out) {
  *out << (s.version == v31 ? "3.1" : "3.1.1") << " with shards: " << s.shards;
}

std::string name_of(const testing::TestParamInfo<setup>& info) {
  return (info.param.version == v31 ? "V31Shards" : "V311Shards") +
         std::to_string(info.param.shards);
}

test::world& broker_test::broker() {
  if (!world_) {
    options.shards = GetParam().shards;
    world_.emplace(options);
  }
  return *world_;
}

void broker_test::TearDown() {
  if (!world_ || HasFailure() || options.sys_interval.count() > 0) return;
  for (auto& p : everyone_) p.cut();
  if (options.store_mode == test::store_mode::manual) {
    while (broker().durable_store().waiting() > 0) {
      broker().durable_store().commit(1);
      broker().run();
    }
  }
  broker().check_balance();
  pass(options.limits.session_expiry + seconds{3'600});
  broker().check_empty(broker().census().retained);
  broker().check_balance();
}

peer broker_test::open(std::optional<std::size_t> shard) {
  return everyone_.emplace_back(broker().connect_socket(shard));
}

peer broker_test::join(connect c) {
  auto p = open();
  p.send(c.bytes());
  const auto answer = p.take(2);
  if (!answer || answer->body.size() != 2 || answer->body[1] != 0) {
    ADD_FAILURE() << c.id << " was not let in: " << (answer ? to_hex(answer->bytes) : "no answer");
    return p;
  }
  session_present = static_cast<unsigned char>(answer->body[0]);
  return p;
}

void broker_test::subscribe_to(peer& p, const std::string& filter, unsigned qos) {
  p.send(subscribe(0x7001, {{filter, qos}}));
  const auto answer = p.take(9);
  EXPECT_EQ(answer ? to_hex(answer->bytes) : "no SUBACK", to_hex(suback(0x7001, {qos}))) << filter;
}

peer broker_test::listen(const std::string& id, const std::string& filter, unsigned qos) {
  auto p = join(id);
  subscribe_to(p, filter, qos);
  return p;
}

void broker_test::put(const publish& p) {
  auto sender = join("put" + std::to_string(++names_));
  sender.send(p.bytes());
  if (p.qos == 1) sender.expect(puback(p.id));
  if (p.qos == 2) {
    sender.expect(pubrec(p.id));
    sender.send(pubrel(p.id));
    sender.expect(pubcomp(p.id));
  }
  sender.send(disconnect());
  sender.expect_end();
}

texts broker_test::retained(const std::string& filter, unsigned qos) {
  auto p = join("late" + std::to_string(++names_));
  p.send(subscribe(1, {{filter, qos}}));
  texts out;
  for (const auto& m : p.packets()) {
    if (!m.is_publish()) continue;
    EXPECT_TRUE(m.retain()) << "a replay without RETAIN";
    out.push_back(m.topic() + "=" + m.payload());
  }
  p.send(disconnect());
  p.expect_end();
  return out;
}

void broker_test::expect_bystanders_work() {
  if (!bystander_) bystander_ = listen("bystander", "by/#");
  bystander_->send(publish{.topic = "by/stander", .payload = "here"}.bytes());
  EXPECT_EQ(bystander_->messages(), texts{"by/stander=here"});
}

void broker_test::expect_fault(peer& p) {
  const auto logged = broker().log().count("client.disconnected");
  p.expect_end();
  EXPECT_EQ(broker().log().count("client.disconnected"), logged + 1);
  const auto* const event = broker().log().last("client.disconnected");
  if (event == nullptr) return;
  EXPECT_FALSE(event->field("what").empty()) << event->text();
}

void broker_test::expect_refused_silently(const std::vector<bad_input>& inputs) {
  for (const auto& [what, bytes] : inputs) {
    SCOPED_TRACE(what + ": " + to_hex(std::string_view{bytes}.substr(0, 64)));
    expect_bystanders_work();
    auto p = open();
    p.send(bytes);
    expect_fault(p);
    expect_bystanders_work();
  }
}

void broker_test::expect_violations(const std::vector<bad_input>& inputs) {
  auto watcher = listen("watcher", "will/topic");
  for (const auto& [what, bytes] : inputs) {
    SCOPED_TRACE(what + ": " + to_hex(std::string_view{bytes}.substr(0, 64)));
    expect_bystanders_work();
    auto c = hello("bad" + std::to_string(++names_));
    c.will.emplace();
    auto p = join(c);
    p.send(bytes);
    expect_fault(p);
    EXPECT_EQ(watcher.messages(), texts{"will/topic=gone"});
    expect_bystanders_work();
  }
}

void broker_test::expect_connack_code(const std::string& bytes, unsigned code) {
  SCOPED_TRACE(to_hex(std::string_view{bytes}.substr(0, 64)));
  auto p = open();
  p.send(bytes);
  p.expect_end(connack(0, code));
}

}  // namespace godwit::conformance
