#pragma once

#include <godwit/broker/mail.hpp>
#include <godwit/broker/post_office.hpp>
#include <godwit/routing/subscription.hpp>

#include <array>
#include <deque>
#include <optional>
#include <vector>

namespace godwit::broker {

/// One shard's mail: what goes out at the end of the turn, what came in and waits to be handled,
/// and the credit of both. Requests and forwards to one shard are limited by credit; what finds
/// none waits here in order. The backlog of requests is bounded by those who check `is_clear`
/// before they make more, the backlog of forwards by handling no request while there is one.
class mailbox {
 public:
  mailbox(routing::shard_id self, std::size_t shards, std::uint32_t credit);

  /// Hands a letter over for posting; waits in the backlog if there is no credit for its class.
  void post(routing::shard_id to, letter&& l);
  /// Could a request to each of these shards go out at once?
  [[nodiscard]] bool is_clear(routing::shard_mask to) const noexcept;

  /// Is no forward waiting for credit? Whoever could make another one waits until it is so.
  [[nodiscard]] bool is_forward_clear() const noexcept { return forwards_waiting_ == 0; }

  /// Sorts a batch into the lanes of its sender; credit is taken in at once.
  void receive(routing::shard_id from, mail_batch&& batch);

  struct received {
    routing::shard_id from{};
    letter what;
  };
  /// The next letter to handle: replies before forwards before requests, shards in turn. Requests
  /// wait while a forward is in the backlog. Nothing when there is nothing that can be handled now.
  [[nodiscard]] std::optional<received> take();
  [[nodiscard]] bool has_work() const noexcept;

  /// Posts what is ready, with the credit that goes back.
  void flush(post_office& office);
  /// Nothing waits, in or out.
  [[nodiscard]] bool is_idle() const noexcept;
  [[nodiscard]] std::uint64_t letters_posted() const noexcept { return letters_posted_; }

 private:
  static constexpr std::size_t classes = 3;
  static constexpr std::size_t limited = 2;  // requests and forwards
  struct lane {
    std::vector<letter> ready;
    std::array<std::deque<letter>, limited> backlog;
    std::array<std::uint32_t, limited> used{};     // sent and not yet credited back
    std::array<std::uint32_t, limited> handled{};  // of theirs, not yet credited back
    std::array<std::deque<letter>, classes> inbox;
  };

  void move_backlog(lane& l, std::size_t c);

  routing::shard_id self_;
  std::uint32_t credit_;
  std::vector<lane> lanes_;
  std::array<std::size_t, classes> turn_{};     // whose lane is looked at first
  std::array<std::size_t, classes> waiting_{};  // letters in all inboxes of a class
  std::size_t forwards_waiting_ = 0;            // in all backlogs
  std::size_t requests_waiting_ = 0;
  std::uint64_t letters_posted_ = 0;
};

}  // namespace godwit::broker
