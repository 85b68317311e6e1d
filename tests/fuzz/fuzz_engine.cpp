#include "engine_world.hpp"
#include "fuzz_login.hpp"
#include "support/packets.hpp"

#include <algorithm>
#include <chrono>
#include <iterator>
#include <string_view>

namespace godwit::fuzz {
namespace {

using mqtt::packet_type;
using mqtt::protocol_version;
using std::chrono::milliseconds;
using std::chrono::seconds;

/// Takes the input apart; at its end everything is 0.
class byte_source {
 public:
  explicit byte_source(base::bytes_view input) : rest_{input} {}
  [[nodiscard]] bool empty() const { return rest_.empty(); }
  std::size_t byte() {
    if (rest_.empty()) return 0;
    const auto b = std::to_integer<std::size_t>(rest_[0]);
    rest_ = rest_.subspan(1);
    return b;
  }
  base::bytes_view take(std::size_t n) {
    const base::bytes_view front = rest_.first(std::min(n, rest_.size()));
    rest_ = rest_.subspan(front.size());
    return front;
  }

 private:
  base::bytes_view rest_;
};

constexpr std::string_view clients[] = {"a", "b", "c", ""};
constexpr std::string_view topics[] = {"a",   "a/b", "a/b/c",  "b",
                                       "/b/", "$x",  "$SYS/x", "a/b/c/d/e/f/g/h/i/j"};
constexpr std::string_view filters[] = {
    "a",          "a/b",    "a/#",        "+/b",          "#",    "+/+/c",
    "$x",         "$SYS/#", "$share/g/#", "$share/g/a/b", "/+/#", "$share/h/a/+",
    "$share/g/a", "b",      "a/b/c",      "$share/bad"};
/// From small to large, so that a change of one bit matters.
constexpr base::duration pauses[] = {milliseconds{1}, milliseconds{100}, seconds{1},
                                     seconds{2},      seconds{6},        seconds{20},
                                     seconds{61},     seconds{2'000}};

/// Two bytes choose the broker.
test::test_broker::options make_options(byte_source& in, fuzz_authenticator& logins) {
  const std::size_t first = in.byte();
  const std::size_t second = in.byte();
  test::test_broker::options o;
  o.authenticator = &logins;
  o.store_mode =
      (first & 1U) != 0 ? store::memory_store::mode::immediate : store::memory_store::mode::manual;
  auto& shard = o.shard;
  shard.shards = 1 + (first >> 1U) % engine_world::shards_max;
  shard.mail_credit = (first & 0x10U) != 0 ? 1 : 64;
  shard.turn_packets_max = (first & 0x20U) != 0 ? 1 : 64;
  shard.retained_page_messages = (first & 0x40U) != 0 ? 1 : 64;
  shard.topic_cache_entries = 16;
  shard.sys_interval = seconds{0};
  shard.seed = 7;
  auto& limits = shard.limits;
  limits.session_expiry = seconds{1'000};
  limits.inflight_max = (second & 1U) != 0 ? 1 : 20;
  limits.unanswered_publishes_max = (second & 2U) != 0 ? 1 : 20;
  limits.queue_count_max = (second & 4U) != 0 ? 2 : 0;
  limits.queue_overflow = static_cast<session::overflow_policy>((second >> 3U) % 3);
  limits.share_handover_after = (second & 0x20U) != 0 ? milliseconds{1'500} : milliseconds{0};
  limits.mqtt31_retry_first = (second & 0x40U) != 0 ? milliseconds{1'000} : milliseconds{0};
  limits.packet_bytes_max = 4'096;
  limits.connect_bytes_max = 1'024;
  if ((second & 0x80U) != 0) {
    limits.output_bytes_max = 1'024;
    limits.slow_high_water_bytes = 64;
    limits.queue_bytes_max = 512;
  }
  return o;
}

/// Properties from one byte. `hex` blocks are as on the wire, without their length.
base::bytes pick(std::initializer_list<std::string_view> blocks, std::size_t which) {
  return test::hex(*(blocks.begin() + which % blocks.size()));
}

/// An authentication method and its data: a step on, the good end, a bad one, another method.
base::bytes login_properties(std::size_t which) {
  return pick({"15 0001'S' 16 0001'm'", "15 0001'S' 16 0001'y'", "15 0001'S'", "15 0001'T'"},
              which);
}

/// Session Expiry, Receive Maximum, Topic Alias Maximum, Maximum Packet Size, problem information.
base::bytes connect_properties(std::size_t which) {
  base::bytes all = pick(
      {"", "11 00000005", "11 ffffffff", "11 00000064 21 0001", "11 00000064 22 0001",
       "11 00000064 22 0014 21 0002", "27 00000020", "27 00000060 11 00000064", "17 00", "19 01"},
      which & 0x7FU);
  if ((which & 0x80U) != 0) {
    const base::bytes login = login_properties(which >> 5U);
    all.insert(all.end(), login.begin(), login.end());
  }
  return all;
}

base::bytes publish_properties(std::size_t which) {
  return pick({"", "02 00000000", "02 00000002", "02 00000064 26 0001'a' 0001'b'", "23 0001",
               "23 0010", "23 0011", "01 01 03 0001't' 08 0001'r' 09 0000"},
              which);
}

base::bytes make_connect(engine_world& w, std::size_t who, byte_source& in) {
  const std::size_t how = in.byte();
  test::connect_options o;
  o.client_id = clients[how & 3U];
  o.version = (how & 4U) != 0 ? protocol_version::v31 : protocol_version::v311;
  if ((how & 0xC0U) == 0x80U) o.version = protocol_version::v5;
  w.speak(who, o.version);
  o.clean = (how & 8U) != 0;
  o.keep_alive_s = (how & 0x10U) != 0 ? 4 : 0;
  if ((how & 0x20U) != 0) {
    const std::size_t will = in.byte();
    o.will = test::will_options{std::string{topics[will & 7U]},
                                "will",
                                static_cast<mqtt::qos>((will >> 3U) % 3),
                                (will & 0x40U) != 0,
                                {}};
    if (o.version == protocol_version::v5 && (will & 0x80U) != 0) {
      o.will->properties = test::hex("18 00000006 02 00000064");
    }
  }
  if (o.version == protocol_version::v5) o.properties = connect_properties(in.byte());
  if ((how & 0x40U) != 0) o.user_name = (how & 0x80U) != 0 ? "u" : "v";
  return test::connect_packet(o);
}

base::bytes make_publish(protocol_version v, byte_source& in) {
  const std::size_t how = in.byte();
  const auto quality = static_cast<mqtt::qos>((how >> 3U) % 3);
  test::publish_options o{.quality = quality, .id = 0, .retain = (how & 0x40U) != 0, .dup = false};
  std::string_view topic = topics[how & 7U];
  if (v == protocol_version::v5) {
    const std::size_t which = in.byte();
    o.properties = publish_properties(which);
    if ((which & 0x80U) != 0) topic = {};  // an alias stands for it, or nothing does
  }
  if (quality != test::qos0) {
    o.id = static_cast<std::uint16_t>(1 + in.byte() % 8);
    o.dup = (how & 0x80U) != 0;
  }
  const std::string payload(in.byte() % 64, 'p');
  return test::publish_packet(topic, payload, o, v);
}

base::bytes make_request(protocol_version v, byte_source& in) {
  const std::size_t how = in.byte();
  const std::string filter{filters[how & 0x0FU]};
  const auto id = static_cast<std::uint16_t>(1 + (how >> 6U));
  const std::size_t quality = (how >> 4U) & 3U;
  if (quality == 3) return test::unsubscribe_packet(id, {filter}, v);
  test::filter_request wanted{.filter = filter, .quality = static_cast<mqtt::qos>(quality)};
  if (v != protocol_version::v5) return test::subscribe_packet(id, {wanted});
  const std::size_t options = in.byte();
  wanted.no_local = (options & 1U) != 0;
  wanted.retain_as_published = (options & 2U) != 0;
  wanted.retain_handling = static_cast<std::uint8_t>((options >> 2U) % 3);
  return test::subscribe_packet(id, {wanted}, v,
                                (options & 0x10U) != 0 ? test::hex("0b 05") : base::bytes{});
}

base::bytes make_ack(byte_source& in) {
  const std::size_t how = in.byte();
  const auto type = static_cast<packet_type>(4 + (how & 3U));
  return test::ack_packet(type, static_cast<std::uint16_t>(1 + (how >> 2U) % 16));
}

base::bytes make_auth(byte_source& in) {
  const std::size_t how = in.byte();
  const base::bytes properties = login_properties(how >> 1U);
  base::bytes body{static_cast<std::byte>((how & 1U) != 0 ? 0x19 : 0x18),
                   static_cast<std::byte>(properties.size())};
  body.insert(body.end(), properties.begin(), properties.end());
  base::bytes packet{std::byte{0xF0}, static_cast<std::byte>(body.size())};
  packet.insert(packet.end(), body.begin(), body.end());
  return packet;
}

/// One instruction: its low four bits say what, the others for which connection or shard.
void step(engine_world& w, byte_source& in) {
  const std::size_t code = in.byte();
  const std::size_t who = (code >> 4U) % engine_world::connections_max;
  const std::size_t more = code >> 6U;
  switch (code & 0x0FU) {
    case 0:
      return w.open(who, more);
    case 1:
      return w.send(who, in.take(in.byte()));
    case 2:
      w.open(who, more);
      return w.send(who, make_connect(w, who, in));
    case 3:
      return w.send(who, make_connect(w, who, in));
    case 4:
      return w.send(who, make_request(w.version(who), in));
    case 5:
      return w.send(who, make_publish(w.version(who), in));
    case 6:
      return w.send(who, make_ack(in));
    case 7:
      if ((code & 0x80U) != 0) return w.send(who, make_auth(in));
      return w.send(who, (code & 0x40U) != 0 ? test::pingreq_packet() : test::disconnect_packet());
    case 8:
      return (code & 0x40U) != 0 ? w.lose(who) : w.close(who);
    case 9:
      return w.pass(pauses[(code >> 4U) % std::size(pauses)]);
    case 10:
      return w.commit(1 + (code >> 4U));
    case 11:
      return w.turn(who, more == 0 ? 100 : more - 1, (in.byte() & 1U) == 0);
    case 12:
      return w.rest();
    case 13:
      return w.answer(who);
    case 14:
      return w.stall(who, more == 3 ? test::memory_wire::unlimited : more * 24);
    default:
      if ((code & 0x40U) != 0) return w.restart(1 + who % engine_world::shards_max);
      return w.crash(1 + who % engine_world::shards_max);
  }
}

}  // namespace

void fuzz_engine(base::bytes_view input);

/// The input is a short program: what clients send, when shards get their turns, when the store
/// commits, when the broker crashes. Whatever it does, no assertion fails, what the broker sends
/// can be read, the books balance, and nothing is left when everybody has gone.
void fuzz_engine(base::bytes_view input) {
  constexpr std::size_t steps_max = 400;
  byte_source in{input};
  fuzz_authenticator logins;
  engine_world w{make_options(in, logins)};
  for (std::size_t i = 0; i < steps_max && !in.empty(); ++i) step(w, in);
  w.end();
}

}  // namespace godwit::fuzz
