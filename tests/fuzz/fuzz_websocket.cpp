#include "net/websocket_frames.hpp"
#include "net/websocket_request.hpp"
#include "require.hpp"

#include <string>

namespace godwit::fuzz {
namespace {

struct outcome {
  std::string bytes;
  std::string answers;
  net::websocket_frames::status now = net::websocket_frames::status::open;
};

outcome decode(base::bytes_view stream, std::size_t part) {
  net::websocket_frames frames;
  outcome out;
  base::bytes answers;
  while (!stream.empty() && out.now == net::websocket_frames::status::open) {
    const auto view = stream.first(std::min(part, stream.size()));
    base::bytes bytes{view.begin(), view.end()};
    stream = stream.subspan(bytes.size());
    const auto got = frames.decode(bytes, answers);
    FUZZ_REQUIRE(got.bytes.size() <= bytes.size());
    out.bytes += base::as_text(got.bytes);
    out.now = got.now;
  }
  out.answers = base::as_text(answers);
  return out;
}

/// What the server says is whole frames of the kinds that it may send by itself.
void check_answers(std::string_view answers, bool must_close) {
  bool is_closed = false;
  while (!answers.empty()) {
    FUZZ_REQUIRE(!is_closed && answers.size() >= 2);
    const auto size = static_cast<unsigned char>(answers[1]);
    FUZZ_REQUIRE(size <= 125 && answers.size() >= 2U + size);
    FUZZ_REQUIRE(answers[0] == '\x8a' || answers[0] == '\x88');
    is_closed = answers[0] == '\x88';
    FUZZ_REQUIRE(!is_closed || size == 2);
    answers.remove_prefix(2U + size);
  }
  FUZZ_REQUIRE(is_closed == must_close);
}

}  // namespace

void fuzz_websocket(base::bytes_view input);

/// The first byte says in which parts the rest arrives: what comes of it must not depend on that.
/// The rest is also read as a request.
void fuzz_websocket(base::bytes_view input) {
  if (input.empty()) return;
  const auto part = std::to_integer<std::size_t>(input[0]) + 1;
  const base::bytes_view stream = input.subspan(1);
  const outcome whole = decode(stream, stream.size() + 1);
  const outcome parts = decode(stream, part);
  FUZZ_REQUIRE(whole.bytes == parts.bytes && whole.answers == parts.answers);
  FUZZ_REQUIRE(whole.now == parts.now);
  check_answers(whole.answers, whole.now != net::websocket_frames::status::open);

  const std::string text{base::as_text(stream)};
  const auto answer = net::answer_websocket_request(text, {"/mqtt", {"https://a.example"}});
  FUZZ_REQUIRE(answer.response.starts_with("HTTP/1.1 ") && answer.response.ends_with("\r\n\r\n"));
  FUZZ_REQUIRE(answer.refusal.empty() == answer.response.starts_with("HTTP/1.1 101 "));
  FUZZ_REQUIRE(!answer.refusal.empty() || text.starts_with("GET /mqtt"));
}

}  // namespace godwit::fuzz
