#pragma once

#include "mailbox.hpp"

#include <map>
#include <string>
#include <vector>

namespace godwit::broker::test {

[[nodiscard]] inline routing::shard_id shard(unsigned n) {
  return routing::shard_id{static_cast<std::uint8_t>(n)};
}
[[nodiscard]] inline routing::shard_mask bit(unsigned n) {
  return routing::shard_mask{1} << n;
}

// The name of a letter is its pending id.
[[nodiscard]] inline letter request(pending_id name) {
  return mail::group_leave{name, {}, {}, {}};
}
[[nodiscard]] inline letter forward(pending_id name) {
  return mail::share_deliver{name, {}, {}, {}, {}, {}};
}
[[nodiscard]] inline letter reply(pending_id name) {
  return mail::group_answer{name};
}

/// "q1" request, "f1" forward, "r1" reply, "c2/1" credit for two requests and one forward.
[[nodiscard]] inline std::string text_of(const letter& l) {
  if (const auto* q = std::get_if<mail::group_leave>(&l)) return "q" + std::to_string(q->pending);
  if (const auto* f = std::get_if<mail::share_deliver>(&l)) return "f" + std::to_string(f->pending);
  if (const auto* r = std::get_if<mail::group_answer>(&l)) return "r" + std::to_string(r->pending);
  if (const auto* c = std::get_if<mail::credit>(&l)) {
    return "c" + std::to_string(c->requests) + "/" + std::to_string(c->forwards);
  }
  return "other";
}

/// Keeps what was posted, by receiver.
struct desk final : post_office {
  void post(routing::shard_id, routing::shard_id to, mail_batch&& batch) override {
    ++batches;
    auto& pile = piles[to.value()];
    for (letter& l : batch.letters) pile.push_back(std::move(l));
  }
  /// What lies there for a shard, taken away.
  mail_batch take(unsigned to) { return {std::exchange(piles[to], {})}; }
  std::vector<std::string> read(unsigned to) {
    std::vector<std::string> said;
    for (const letter& l : take(to).letters) said.push_back(text_of(l));
    return said;
  }

  std::map<unsigned, std::vector<letter>> piles;
  int batches = 0;
};

}  // namespace godwit::broker::test
