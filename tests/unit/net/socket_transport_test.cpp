#include "transport_bench.hpp"

#include <sys/socket.h>

namespace godwit::net {
namespace {

using broker::transport_end;
using test::client_socket;
using test::recorded_events;
using test::transport_bench;
using testing::ElementsAre;
using testing::IsEmpty;

constexpr int small_buffer = 8'192;

/// Too much for the buffers of both ends.
std::string large_text() {
  std::string text(4'000'000, '\0');
  for (std::size_t i = 0; i < text.size(); ++i) text[i] = static_cast<char>('a' + i % 23);
  return text;
}

TEST(SocketTransport, DeliversWhatThePeerSends) {
  transport_bench bench;
  const client_socket client = bench.connect(7);
  client.send("hello");
  EXPECT_TRUE(bench.until([&] { return bench.seen(7).bytes == "hello"; }));
  client.send(" again");
  EXPECT_TRUE(bench.until([&] { return bench.seen(7).bytes == "hello again"; }));
  EXPECT_EQ(bench.seen(7).reads, 2U);
  EXPECT_THAT(bench.seen(7).ends, IsEmpty());
}

TEST(SocketTransport, ReadsOneConnectionOnceATurnAtMostItsBuffer) {
  tuning tune;
  tune.read_bytes_max = 10;
  transport_bench bench{tune};
  const client_socket client = bench.connect(1);
  client.send("0123456789abcdefghij!");
  ASSERT_TRUE(bench.until([&] { return bench.seen(1).reads == 1; }));
  EXPECT_EQ(bench.seen(1).bytes, "0123456789");
  ASSERT_TRUE(bench.until([&] { return bench.seen(1).reads == 3; }));
  EXPECT_EQ(bench.seen(1).bytes, "0123456789abcdefghij!");
}

TEST(SocketTransport, SendsPiecesInTheirOrder) {
  transport_bench bench;
  const client_socket client = bench.connect(1);
  std::vector<std::string> texts;
  std::string expected;
  for (int i = 0; i < 1'000; ++i) {
    texts.push_back(i % 7 == 0 ? "" : std::to_string(i) + ",");
    expected += texts.back();
  }
  std::vector<base::bytes_view> pieces;
  for (const std::string& t : texts) pieces.push_back(base::as_bytes(t));
  EXPECT_EQ(bench.transport.send(bench.id(), pieces), expected.size());
  EXPECT_EQ(client.receive(expected.size()), expected);
}

TEST(SocketTransport, TellsWhenAPeerThatWasSlowTakesMore) {
  transport_bench bench;
  const client_socket client = bench.connect(1, small_buffer, small_buffer);
  const std::string text = large_text();
  std::size_t sent = bench.send(text);
  ASSERT_LT(sent, text.size());
  EXPECT_EQ(bench.send(std::string_view{text}.substr(sent)), 0U) << "waits for room already";
  bench.events.when_writable = [&](auto) {
    sent += bench.send(std::string_view{text}.substr(sent));
  };
  std::string received;
  EXPECT_TRUE(bench.until([&] {
    std::array<char, 65'536> part{};
    const ssize_t got = ::recv(client.fd(), part.data(), part.size(), MSG_DONTWAIT);
    if (got > 0) received.append(part.data(), static_cast<std::size_t>(got));
    return received.size() == text.size();
  }));
  EXPECT_EQ(received, text);
  EXPECT_GE(bench.seen(1).writable, 1U);
}

TEST(SocketTransport, DoesNotReportWritableWithoutAShortWrite) {
  transport_bench bench;
  const client_socket client = bench.connect(1);
  EXPECT_EQ(bench.send("short"), 5U);
  client.send("x");
  ASSERT_TRUE(bench.until([&] { return bench.seen(1).bytes == "x"; }));
  EXPECT_EQ(bench.seen(1).writable, 0U);
}

TEST(SocketTransport, ReportsTheEndByThePeerOnceAfterItsBytes) {
  transport_bench bench;
  const client_socket client = bench.connect(1);
  client.send("last words");
  client.finish();
  ASSERT_TRUE(bench.until([&] { return !bench.seen(1).ends.empty(); }));
  EXPECT_EQ(bench.seen(1).bytes, "last words");
  for (int i = 0; i < 5; ++i) bench.round();
  EXPECT_THAT(bench.seen(1).ends, ElementsAre(transport_end::closed_by_peer));
  EXPECT_EQ(bench.transport.size(), 0U);
  EXPECT_EQ(bench.slots().open(), 0U);
}

TEST(SocketTransport, ReportsAResetAsLostOnce) {
  transport_bench bench;
  client_socket client = bench.connect(1);
  client.reset();
  ASSERT_TRUE(bench.until([&] { return !bench.seen(1).ends.empty(); }));
  for (int i = 0; i < 5; ++i) bench.round();
  EXPECT_THAT(bench.seen(1).ends, ElementsAre(transport_end::lost));
}

TEST(SocketTransport, ReportsAnEndWhileOutputWaitsAsClosedByThePeer) {
  transport_bench bench;
  const client_socket client = bench.connect(1, small_buffer, small_buffer);
  const std::string text = large_text();
  ASSERT_LT(bench.send(text), text.size());
  client.finish();
  ASSERT_TRUE(bench.until([&] { return !bench.seen(1).ends.empty(); }));
  EXPECT_THAT(bench.seen(1).ends, ElementsAre(transport_end::closed_by_peer));
}

TEST(SocketTransport, TakesAllAndReportsLaterWhenASendFails) {
  transport_bench bench;
  client_socket client = bench.connect(1);
  bench.transport.set_reading(bench.id(), false);  // so that nothing but the send can see it
  bench.transport.end_turn();
  client.reset();
  EXPECT_EQ(bench.send("one"), 3U);  // meets the reset
  EXPECT_EQ(bench.send("two"), 3U);
  EXPECT_THAT(bench.seen(1).ends, IsEmpty()) << "from inside send";
  ASSERT_TRUE(bench.until([&] { return !bench.seen(1).ends.empty(); }));
  EXPECT_THAT(bench.seen(1).ends, ElementsAre(transport_end::lost));
}

TEST(SocketTransport, DeliversWhatAPeerSentBeforeASendToItFails) {
  transport_bench bench;
  client_socket client = bench.connect(1);
  client.send("PUBLISH DISCONNECT");
  client.reset();
  bench.send("an acknowledgement");
  bench.send("another");
  ASSERT_TRUE(bench.until([&] { return !bench.seen(1).ends.empty(); }));
  EXPECT_EQ(bench.seen(1).bytes, "PUBLISH DISCONNECT");
  EXPECT_THAT(bench.seen(1).ends, ElementsAre(transport_end::lost));
}

TEST(SocketTransport, DoesNotReadWhilePausedAndGoesOnAfterwards) {
  transport_bench bench;
  const client_socket client = bench.connect(1);
  const client_socket other = bench.connect(2);
  const broker::transport_id id{1};
  bench.transport.set_reading(id, false);
  bench.transport.end_turn();
  client.send("held back");
  other.send("free");
  ASSERT_TRUE(bench.until([&] { return bench.seen(2).bytes == "free"; }));
  for (int i = 0; i < 5; ++i) bench.round();
  EXPECT_EQ(bench.seen(1).bytes, "");
  bench.transport.set_reading(id, true);
  bench.transport.end_turn();
  EXPECT_TRUE(bench.until([&] { return bench.seen(1).bytes == "held back"; }));
}

TEST(SocketTransport, ReadsAPausedConnectionOnceWhenAsked) {
  tuning tune;
  tune.read_bytes_max = 4;
  transport_bench bench{tune};
  const client_socket client = bench.connect(1);
  bench.transport.set_reading(bench.id(), false);
  bench.transport.end_turn();
  client.send("abcdefgh");
  for (int i = 0; i < 5; ++i) bench.round();
  ASSERT_EQ(bench.seen(1).bytes, "");
  bench.transport.read_once(bench.id());
  EXPECT_TRUE(bench.transport.wants_turn());
  ASSERT_TRUE(bench.until([&] { return bench.seen(1).reads != 0; }));
  for (int i = 0; i < 5; ++i) bench.round();
  EXPECT_EQ(bench.seen(1).bytes, "abcd");
  bench.transport.read_once(bench.id());
  ASSERT_TRUE(bench.until([&] { return bench.seen(1).bytes == "abcdefgh"; }));
}

TEST(SocketTransport, ReportsAResetOfAPausedConnection) {
  transport_bench bench;
  client_socket client = bench.connect(1);
  bench.transport.set_reading(bench.id(), false);
  bench.transport.end_turn();
  client.reset();
  ASSERT_TRUE(bench.until([&] { return !bench.seen(1).ends.empty(); }));
  EXPECT_THAT(bench.seen(1).ends, ElementsAre(transport_end::lost));
}

TEST(SocketTransport, KeepsUnreadBytesOfAPausedConnectionThatWasReset) {
  transport_bench bench;
  client_socket client = bench.connect(1);
  bench.transport.set_reading(bench.id(), false);
  bench.transport.end_turn();
  client.send("unread");
  client.reset();
  for (int i = 0; i < 5; ++i) bench.round();
  EXPECT_THAT(bench.seen(1).ends, IsEmpty());
  bench.transport.read_once(bench.id());
  ASSERT_TRUE(bench.until([&] { return !bench.seen(1).ends.empty(); }));
  EXPECT_EQ(bench.seen(1).bytes, "unread");
  EXPECT_THAT(bench.seen(1).ends, ElementsAre(transport_end::lost));
}

TEST(SocketTransport, KeepsUnreadBytesOfAPausedConnectionToWhichASendFailed) {
  transport_bench bench;
  client_socket client = bench.connect(1);
  bench.transport.set_reading(bench.id(), false);
  bench.transport.end_turn();
  client.send("unread");
  client.reset();
  bench.send("meets the reset");
  for (int i = 0; i < 5; ++i) bench.round();
  EXPECT_THAT(bench.seen(1).ends, IsEmpty());
  bench.transport.set_reading(bench.id(), true);
  bench.transport.end_turn();
  ASSERT_TRUE(bench.until([&] { return !bench.seen(1).ends.empty(); }));
  EXPECT_EQ(bench.seen(1).bytes, "unread");
  EXPECT_THAT(bench.seen(1).ends, ElementsAre(transport_end::lost));
}

TEST(SocketTransport, DoesNotSpinOverUrgentBytesOfAPausedConnection) {
  transport_bench bench;
  const client_socket client = bench.connect(1);
  bench.transport.set_reading(bench.id(), false);
  bench.transport.end_turn();
  ASSERT_EQ(::send(client.fd(), "ab", 2, MSG_OOB), 2);
  for (int i = 0; i < 10; ++i) bench.round();
  EXPECT_EQ(bench.context.poll(), 0U);
  EXPECT_THAT(bench.seen(1).ends, IsEmpty());
  bench.transport.set_reading(bench.id(), true);
  bench.transport.end_turn();
  EXPECT_TRUE(bench.until([&] { return bench.seen(1).bytes == "a"; }));
}

TEST(SocketTransport, GivesAClosedConnectionAllOutputThenTheEnd) {
  transport_bench bench;
  const client_socket client = bench.connect(1);
  const std::string text(100'000, 'z');
  ASSERT_EQ(bench.send(text), text.size());
  bench.transport.close(bench.id());
  bench.transport.end_turn();
  EXPECT_EQ(bench.transport.size(), 0U);
  EXPECT_EQ(bench.transport.lingering(), 1U);
  client_socket::end how{};
  EXPECT_EQ(client.receive_all(how), text);
  EXPECT_EQ(how, client_socket::end::closed);
  client.finish();
  EXPECT_TRUE(bench.until([&] { return bench.transport.lingering() == 0; }));
  EXPECT_EQ(bench.slots().open(), 0U);
  EXPECT_THAT(bench.seen(1).ends, IsEmpty());
}

TEST(SocketTransport, DoesNotResetAPeerThatStillSendsWhenItIsClosed) {
  transport_bench bench;
  const client_socket client = bench.connect(1);
  client.send("never read by anybody");
  bench.send("refused");
  bench.transport.close(bench.id());
  bench.transport.end_turn();
  for (int i = 0; i < 20; ++i) {
    ASSERT_TRUE(client.try_send(std::string(10'000, 'x')));
    bench.round();
  }
  client_socket::end how{};
  EXPECT_EQ(client.receive_all(how), "refused");
  EXPECT_EQ(how, client_socket::end::closed);
  EXPECT_EQ(bench.seen(1).bytes, "");
}

TEST(SocketTransport, ClosesAtOnceWhenThePeerHasClosedAlready) {
  transport_bench bench;
  const client_socket client = bench.connect(1);
  client.send("DISCONNECT");
  client.finish();
  bench.events.when_bytes = [&](auto) { bench.transport.close(bench.id()); };
  ASSERT_TRUE(bench.until([&] { return bench.seen(1).bytes == "DISCONNECT"; }));
  EXPECT_EQ(bench.transport.lingering(), 0U);
  EXPECT_EQ(bench.slots().open(), 0U);
}

TEST(SocketTransport, ClosesALingeringConnectionAfterItsTime) {
  transport_bench bench;
  const base::steady_time start = bench.clock.now().steady;
  bench.transport.begin_turn(start);
  const client_socket client = bench.connect(1);
  bench.transport.close(bench.id());
  bench.transport.end_turn();
  EXPECT_EQ(bench.transport.next_due(), start + std::chrono::seconds{2});
  bench.transport.expire(start + std::chrono::milliseconds{1'999});
  EXPECT_EQ(bench.transport.lingering(), 1U);
  bench.transport.expire(start + std::chrono::seconds{2});
  EXPECT_EQ(bench.transport.lingering(), 0U);
  EXPECT_EQ(bench.transport.next_due(), std::nullopt);
  EXPECT_EQ(bench.slots().open(), 0U);
}

TEST(SocketTransport, DropsTheOldestOfTooManyLingeringConnections) {
  tuning tune;
  tune.lingering_max = 2;
  transport_bench bench{tune};
  std::vector<client_socket> clients;
  for (broker::connection_token token = 1; token <= 3; ++token) {
    clients.push_back(bench.connect(token));
    bench.transport.close(bench.id());
    bench.transport.end_turn();
  }
  EXPECT_EQ(bench.transport.lingering(), 2U);
  EXPECT_EQ(bench.slots().open(), 2U);
  client_socket::end how{};
  EXPECT_EQ(clients[0].receive_all(how), "");
  EXPECT_EQ(how, client_socket::end::closed);
  clients[1].finish();
  clients[2].finish();
  EXPECT_TRUE(bench.until([&] { return bench.transport.lingering() == 0; }));
}

TEST(SocketTransport, MovesAConnectionWithItsUnreadBytes) {
  transport_bench first;
  shard_context other_context;
  const auto never_out_of_work = boost::asio::make_work_guard(other_context);
  recorded_events other_events;
  socket_transport other{other_context, other_events, tuning{}};
  const client_socket client = first.connect(1);
  client.send("for the first;");
  ASSERT_TRUE(first.until([&] { return first.seen(1).bytes == "for the first;"; }));
  auto moving = first.transport.detach(first.id());
  first.transport.end_turn();
  client.send("for the second");
  EXPECT_EQ(first.transport.size(), 0U);
  EXPECT_EQ(first.slots().open(), 1U) << "it still counts at its listener";

  const broker::transport_id there = other.attach(std::move(moving), 9);
  other.end_turn();
  const test::deadline limit;
  while (other_events.by_token[9].bytes != "for the second" && !limit.is_over()) {
    other_context.poll();
    other.end_turn();
    first.round();
  }
  EXPECT_EQ(other_events.by_token[9].bytes, "for the second");
  EXPECT_EQ(first.seen(1).bytes, "for the first;");
  EXPECT_THAT(first.seen(1).ends, IsEmpty());
  other.close(there);
  other.end_turn();
}

TEST(SocketTransport, ReportsALossThatHappenedBeforeTheMove) {
  transport_bench bench;
  client_socket client = bench.connect(1);
  client.reset();
  bench.send("meets the reset");
  auto moving = bench.transport.detach(bench.id());
  bench.transport.end_turn();
  static_cast<void>(bench.transport.attach(std::move(moving), 2));
  bench.transport.end_turn();
  ASSERT_TRUE(bench.until([&] { return !bench.seen(2).ends.empty(); }));
  EXPECT_THAT(bench.seen(2).ends, ElementsAre(transport_end::lost));
  EXPECT_THAT(bench.seen(1).ends, IsEmpty());
}

TEST(SocketTransport, IgnoresCallsAboutAConnectionThatEndedInTheSameTurn) {
  transport_bench bench;
  const client_socket client = bench.connect(1);
  client.finish();
  bool called = false;
  bench.events.when_closed = [&](auto) {
    EXPECT_EQ(bench.send("too late"), 8U);
    bench.transport.set_reading(bench.id(), false);
    bench.transport.read_once(bench.id());
    bench.transport.close(bench.id());
    called = true;
  };
  ASSERT_TRUE(bench.until([&] { return called; }));
  for (int i = 0; i < 3; ++i) bench.round();
  EXPECT_EQ(bench.transport.size(), 0U);
  EXPECT_EQ(bench.seen(1).ends.size(), 1U);
}

TEST(SocketTransport, LeavesAStaleReadinessToNobody) {
  transport_bench bench;
  const client_socket first = bench.connect(1);
  first.send("ready, but closed before anybody looks");
  bench.transport.close(bench.id());
  bench.transport.end_turn();
  const client_socket second = bench.connect(2);  // takes the same place
  for (int i = 0; i < 5; ++i) bench.round();
  EXPECT_EQ(bench.seen(1).bytes, "");
  EXPECT_EQ(bench.seen(2).bytes, "");
}

}  // namespace
}  // namespace godwit::net
