#pragma once

#include "client.hpp"
#include "options.hpp"

#include <functional>
#include <memory>
#include <vector>

namespace godwit::bench {

/// Publishers that bring a number of messages to the broker and wait for every acknowledgement.
/// At the rate of the options, if they name one. Message n always comes from publisher n mod the
/// number of publishers.
class storing_publishers {
 public:
  using message_maker = std::function<publish_fields(std::uint64_t number, instant now)>;

  /// Connects them.
  storing_publishers(event_loop& loop, const options& from, std::size_t count);

  /// `make` returns message 0 to `total` - 1, at QoS 1 or 2. Throws bench_error when
  /// acknowledgements fail to come.
  void publish(std::uint64_t total, const message_maker& make);

  /// How long acknowledgements took so far.
  [[nodiscard]] const histogram& latencies() const { return latencies_; }

  void leave();

 private:
  [[nodiscard]] std::uint64_t unacknowledged() const;

  [[nodiscard]] std::uint64_t due(instant begin, instant now) const;
  [[nodiscard]] nanoseconds patience(instant begin, std::uint64_t published) const;

  event_loop& loop_;
  nanoseconds timeout_;
  double rate_;  // 0 = flat out
  histogram latencies_;
  std::vector<std::unique_ptr<publisher>> publishers_;
};

}  // namespace godwit::bench
