#pragma once

#include "client.hpp"
#include "histogram.hpp"
#include "ledger.hpp"

#include <cstdint>
#include <string>
#include <vector>

namespace godwit::bench {

/// One publisher's messages under one topic.
struct stream {
  std::string topic;
  std::uint32_t publisher = 0;
  std::uint32_t receiver = 0;  ///< who gets them, unless everyone does
};

enum class audience : std::uint8_t { one, everyone };

/// What a scenario sends to whom.
struct traffic_plan {
  std::vector<stream> streams;
  std::size_t receivers = 0;
  audience to = audience::one;  ///< everyone: exactly one stream, to all receivers
  std::size_t payload_octets = 64;
  std::uint8_t qos = 0;
  std::size_t under_way_max = 2000;
};

/// Makes the payloads of a run and judges every delivery: order, loss, duplicates, topic, QoS,
/// flags and content. Also the measure of how many messages are under way, from the publisher's
/// buffer to the last receiver.
class traffic final : public message_sink {
 public:
  static constexpr std::size_t smallest_payload = 24;

  /// Throws bench_error when the payload cannot hold the sequence number and time.
  explicit traffic(traffic_plan plan);

  /// Counts the next message of a stream as published; the payload is valid until the next call.
  [[nodiscard]] octet_view next_payload(std::uint32_t stream_index, instant now);

  [[nodiscard]] const traffic_plan& plan() const { return plan_; }
  [[nodiscard]] const stream& stream_at(std::uint32_t index) const { return plan_.streams[index]; }
  /// How many more messages may be under way.
  [[nodiscard]] std::size_t credit() const;
  [[nodiscard]] std::uint64_t published() const { return published_; }
  /// First deliveries; a message to a thousand receivers counts a thousand times.
  [[nodiscard]] std::uint64_t delivered() const { return delivered_; }
  [[nodiscard]] std::uint64_t expected() const { return published_ * copies_; }
  [[nodiscard]] bool all_arrived() const { return delivered_ == expected(); }

  /// From here on latencies are recorded, those before forgotten.
  void start_recording();
  void stop_recording() { recording_ = false; }
  [[nodiscard]] const histogram& latencies() const { return latencies_; }

  /// The verdict; call once at the end.
  [[nodiscard]] faults close_books();

  void on_message(std::uint32_t receiver, const publish_view& message, instant now) override;

 private:
  struct header;

  void count_completed(std::uint64_t sequence, const ledger::verdict& verdict);

  traffic_plan plan_;
  std::size_t copies_;
  octets payload_;
  std::vector<std::uint64_t> sequences_;  // per stream
  std::vector<std::uint32_t> awaiting_;   // everyone: receivers left, a ring by sequence number
  ledger ledger_;
  faults faults_;
  histogram latencies_;
  bool recording_ = false;
  std::uint64_t published_ = 0;
  std::uint64_t delivered_ = 0;
  std::uint64_t completed_ = 0;
};

}  // namespace godwit::bench
