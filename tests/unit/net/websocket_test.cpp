#include "net/websocket_frames.hpp"
#include "net/websocket_request.hpp"
#include "support/clause.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace godwit::net {
namespace {

using status = websocket_frames::status;
using testing::HasSubstr;
using testing::StartsWith;

std::string close_frame(unsigned code) {
  return {'\x88', '\x02', static_cast<char>(code >> 8U), static_cast<char>(code & 0xffU)};
}

/// A frame of a client, with the shortest length.
std::string frame(unsigned first, std::string_view payload) {
  constexpr std::array<char, 4> mask{'\x11', '\x22', '\x33', '\x7f'};
  std::string out(1, static_cast<char>(first));
  if (payload.size() < 126) {
    out += static_cast<char>(0x80U | payload.size());
  } else {
    out += static_cast<char>(0x80U | 126U);
    out += static_cast<char>(payload.size() >> 8U);
    out += static_cast<char>(payload.size() & 0xffU);
  }
  out.append(mask.begin(), mask.end());
  for (std::size_t i = 0; i < payload.size(); ++i) {
    out += static_cast<char>(payload[i] ^ mask[i % mask.size()]);
  }
  return out;
}

struct outcome {
  std::string bytes;
  std::string answers;
  status now = status::open;
};

/// What comes of a stream that arrives in parts of this size.
outcome decode(std::string_view stream, std::size_t part = 1'000'000) {
  websocket_frames frames;
  outcome out;
  base::bytes answers;
  while (!stream.empty() && out.now == status::open) {
    const auto view = base::as_bytes(stream.substr(0, part));
    base::bytes bytes{view.begin(), view.end()};
    stream.remove_prefix(bytes.size());
    const auto got = frames.decode(bytes, answers);
    out.bytes += base::as_text(got.bytes);
    out.now = got.now;
  }
  out.answers = base::as_text(answers);
  return out;
}

TEST(WebsocketFrames, CarryAStreamOfBytesWhateverTheirBorders) {
  clause("v311 MQTT-6.0.0-2");
  clause("v5 MQTT-6.0.0-2");
  const std::string large(70'000, 'z');
  std::string stream = frame(0x82, "one") + frame(0x02, "tw") + frame(0x89, "ping") +
                       frame(0x00, "") + frame(0x80, "o") + frame(0x8a, "unasked") +
                       frame(0x82, std::string_view{large}.substr(0, 60'000)) + frame(0x82, "");
  for (const std::size_t part : {1U, 2U, 3U, 7U, 1'000U, 1'000'000U}) {
    const outcome out = decode(stream, part);
    EXPECT_EQ(out.bytes, "onetwo" + large.substr(0, 60'000)) << part;
    EXPECT_EQ(out.answers, "\x8a\x04ping") << part;
    EXPECT_EQ(out.now, status::open);
  }
}

TEST(WebsocketFrames, OfTextAreRefused) {
  clause("v311 MQTT-6.0.0-1");
  clause("v5 MQTT-6.0.0-1");
  const outcome out = decode(frame(0x82, "before") + frame(0x81, "text"));
  EXPECT_EQ(out.bytes, "before");
  EXPECT_EQ(out.answers, close_frame(1'003));
  EXPECT_EQ(out.now, status::failed);
}

TEST(WebsocketFrames, ThatBreakTheRulesAreRefused) {
  const std::string endless(10, '\xff');
  for (const std::string& wrong :
       {std::string{"\x82\x03"} + "abc",  // not masked
        frame(0xc2, "reserved bit"), frame(0x83, "unknown opcode"), frame(0x8b, "unknown control"),
        frame(0x80, "nothing to continue"), frame(0x02, "begun") + frame(0x82, "anew"),
        frame(0x09, "ping in parts"), frame(0x89, std::string(126, 'p')),
        std::string{"\x82\xfe\x00\x7d", 4} + "mask",               // 125 in two bytes
        std::string{"\x82\xff\0\0\0\0\0\0\xff\xff", 10} + "mask",  // 65535 in eight
        "\x82\xff" + endless.substr(0, 8) + "mask",                // above 2^63
        frame(0x88, "x"), frame(0x88, std::string_view{"\x03\xed", 2})}) {
    const outcome out = decode(wrong, 1);
    EXPECT_EQ(out.now, status::failed) << wrong;
    EXPECT_EQ(out.answers, close_frame(1'002)) << wrong;
  }
}

TEST(WebsocketFrames, MayClaimAnyLengthBecauseNothingIsCollected) {
  const outcome out = decode(std::string{"\x82\xff\x7f\xff\xff\xff\xff\xff\xff\xff\0\0\0\0", 14} +
                             std::string(100'000, 'x'));
  EXPECT_EQ(out.bytes.size(), 100'000U);
  EXPECT_EQ(out.now, status::open);
}

TEST(WebsocketFrames, CloseIsAnsweredWithItsCode) {
  outcome out = decode(frame(0x88, std::string_view{"\x03\xe9", 2}) + "what comes behind");
  EXPECT_EQ(out.now, status::ended_by_peer);
  EXPECT_EQ(out.answers, close_frame(1'001));
  out = decode(frame(0x88, ""));
  EXPECT_EQ(out.now, status::ended_by_peer);
  EXPECT_EQ(out.answers, close_frame(1'000));
}

TEST(WebsocketFrames, GoOutBinaryWithTheShortestLength) {
  clause("v311 MQTT-6.0.0-1");
  clause("v5 MQTT-6.0.0-1");
  const auto head = [](std::size_t size) {
    base::bytes out;
    websocket_frames::encode(base::bytes(size, std::byte{'x'}), out);
    return std::string{base::as_text(out)}.substr(0, out.size() - size);
  };
  EXPECT_EQ(head(0), std::string("\x82\x00", 2));
  EXPECT_EQ(head(125), "\x82\x7d");
  EXPECT_EQ(head(126), std::string("\x82\x7e\x00\x7e", 4));
  EXPECT_EQ(head(65'535), "\x82\x7e\xff\xff");
  EXPECT_EQ(head(65'536), std::string("\x82\x7f\0\0\0\0\0\x01\0\0", 10));
}

class WebsocketRequest : public testing::Test {
 protected:
  /// The request of RFC 6455, with other or more fields.
  static std::string request(std::string_view first = "GET /mqtt HTTP/1.1",
                             std::string_view more = "Sec-WebSocket-Protocol: mqtt\r\n") {
    return std::string{first} +
           "\r\nHost: example.org\r\nUpgrade: WebSocket\r\nConnection: keep-alive, Upgrade\r\n"
           "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n" +
           std::string{more} + "\r\n";
  }
  static std::string without(std::string text, std::string_view part, std::string_view instead) {
    return text.replace(text.find(part), part.size(), instead);
  }
  [[nodiscard]] std::string status_of(const std::string& text) const {
    const auto answer = answer_websocket_request(text, options_);
    EXPECT_EQ(answer.refusal.empty(), answer.response.starts_with("HTTP/1.1 101"));
    return answer.response.substr(9, 3);
  }
  websocket_options options_{"/mqtt", {}};
};

TEST_F(WebsocketRequest, IsAcceptedWithTheProofAndTheSubprotocol) {
  clause("v311 MQTT-6.0.0-4");
  clause("v5 MQTT-6.0.0-4");
  const auto answer = answer_websocket_request(request(), options_);
  EXPECT_EQ(answer.refusal, "");
  EXPECT_THAT(answer.response, StartsWith("HTTP/1.1 101 Switching Protocols\r\n"));
  EXPECT_THAT(answer.response, HasSubstr("Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n"));
  EXPECT_THAT(answer.response, HasSubstr("Sec-WebSocket-Protocol: mqtt\r\n"));
}

TEST_F(WebsocketRequest, ChoosesTheFirstSubprotocolThatWeSpeak) {
  clause("v31 M31-ws-1");
  const auto answer = answer_websocket_request(
      request("GET /mqtt?token=1 HTTP/1.1",
              "Sec-WebSocket-Protocol: chat\r\nSec-WebSocket-Protocol: mqttv3.1, mqtt\r\n"),
      options_);
  EXPECT_THAT(answer.response, HasSubstr("Sec-WebSocket-Protocol: mqttv3.1\r\n"));
}

TEST_F(WebsocketRequest, IsRefusedWhenItAsksForSomethingElse) {
  EXPECT_EQ(status_of(request("GET /other HTTP/1.1")), "404");
  EXPECT_EQ(status_of(request("POST /mqtt HTTP/1.1")), "400");
  EXPECT_EQ(status_of(request("GET /mqtt HTTP/1.0")), "400");
  EXPECT_EQ(status_of(request("GET /mqtt HTTP/1.1", "")), "400");
  EXPECT_EQ(status_of(request("GET /mqtt HTTP/1.1", "Sec-WebSocket-Protocol: mqtt5\r\n")), "400");
  EXPECT_EQ(status_of(without(request(), "WebSocket\r\nC", "h2c\r\nC")), "426");
  EXPECT_EQ(status_of(without(request(), "Version: 13", "Version: 8")), "426");
  EXPECT_EQ(status_of(without(request(), "ZSBub25jZQ==", "")), "400");
  EXPECT_EQ(status_of(without(request(), "dGhl", "d!hl")), "400");
  EXPECT_EQ(status_of("\x10\x0c nonsense\r\n\r\n"), "400");
}

TEST_F(WebsocketRequest, OfAPageMustComeFromAListedOrigin) {
  const std::string_view subprotocol = "Sec-WebSocket-Protocol: mqtt\r\n";
  const auto from = [&](std::string_view origin) {
    return request("GET /mqtt HTTP/1.1",
                   std::string{subprotocol} + "Origin: " + std::string{origin} + "\r\n");
  };
  EXPECT_EQ(status_of(from("https://anywhere.example")), "101");
  options_.origins = {"https://app.example"};
  EXPECT_EQ(status_of(from("https://app.example")), "101");
  EXPECT_EQ(status_of(from("https://anywhere.example")), "403");
  EXPECT_EQ(status_of(from("null")), "403");
  EXPECT_EQ(status_of(request()), "101") << "no browser";
}

}  // namespace
}  // namespace godwit::net
