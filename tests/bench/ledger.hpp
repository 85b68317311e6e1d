#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <unordered_map>
#include <vector>

namespace godwit::bench {

/// What the deliveries of a run looked like, beside the good ones.
struct faults {
  std::uint64_t lost = 0;
  std::uint64_t duplicated = 0;
  std::uint64_t out_of_order = 0;
  std::uint64_t misrouted = 0;  ///< at a client, or under a topic, it was not meant for
  std::uint64_t corrupted = 0;  ///< payload, QoS or retain flag not as published

  [[nodiscard]] bool none() const {
    return (lost | duplicated | out_of_order | misrouted | corrupted) == 0;
  }
};

/// Judges sequence numbers. A cell is one stream of messages (0, 1, 2 ... from one publisher
/// under one topic) at one receiver. A number that was jumped over counts as missing; should it
/// come later it was out of order, and otherwise it is lost.
class ledger {
 public:
  struct verdict {
    bool fresh;             ///< the first delivery of this number
    std::uint64_t skipped;  ///< how many numbers before it became missing just now
    bool was_missing;       ///< it filled a hole
  };

  explicit ledger(std::size_t cells) : next_(cells, 0) {}

  /// `cell` must be below the number given at construction.
  verdict accept(std::size_t cell, std::uint64_t sequence);

  /// Closes the books of one cell of which `published` messages were sent; adds what is missing
  /// to `lost`.
  void close_cell(std::size_t cell, std::uint64_t published);

  [[nodiscard]] std::uint64_t lost() const { return lost_; }
  [[nodiscard]] std::uint64_t duplicated() const { return duplicated_; }
  [[nodiscard]] std::uint64_t out_of_order() const { return out_of_order_; }

 private:
  verdict accept_late(std::size_t cell, std::uint64_t sequence);

  using ranges = std::map<std::uint64_t, std::uint64_t>;  // first missing -> one past the last

  std::vector<std::uint64_t> next_;
  std::unordered_map<std::size_t, ranges> missing_;
  std::uint64_t lost_ = 0;
  std::uint64_t duplicated_ = 0;
  std::uint64_t out_of_order_ = 0;
};

}  // namespace godwit::bench
