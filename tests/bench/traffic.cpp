#include "traffic.hpp"

#include <algorithm>
#include <bit>
#include <cstring>
#include <utility>

namespace godwit::bench {

/// What every payload starts with, in the machine's own order: it never leaves this program.
struct traffic::header {
  std::uint32_t magic;
  std::uint32_t stream_index;
  std::uint64_t sequence;
  std::int64_t sent_at_ns;
};

namespace {

constexpr std::uint32_t magic = 0x64776f67;

octets patterned(std::size_t size) {
  octets bytes(size);
  for (std::size_t i = 0; i < size; ++i) bytes[i] = static_cast<std::uint8_t>(i * 37 + 11);
  return bytes;
}

bool same(octet_view a, std::string_view b) {
  return a.size() == b.size() && std::memcmp(a.data(), b.data(), b.size()) == 0;
}

}  // namespace

traffic::traffic(traffic_plan plan)
    : plan_{std::move(plan)},
      copies_{plan_.to == audience::everyone ? plan_.receivers : 1},
      payload_(patterned(plan_.payload_octets)),
      sequences_(plan_.streams.size(), 0),
      ledger_{plan_.to == audience::everyone ? plan_.receivers : plan_.streams.size()} {
  static_assert(sizeof(header) == smallest_payload);
  if (plan_.payload_octets < smallest_payload) {
    throw bench_error("a payload has at least " + std::to_string(smallest_payload) + " octets");
  }
  if (plan_.to == audience::everyone) awaiting_.resize(std::bit_ceil(2 * plan_.under_way_max));
}

octet_view traffic::next_payload(std::uint32_t stream_index, instant now) {
  const std::uint64_t sequence = sequences_[stream_index]++;
  const header head{.magic = magic,
                    .stream_index = stream_index,
                    .sequence = sequence,
                    .sent_at_ns = now.time_since_epoch().count()};
  std::memcpy(payload_.data(), &head, sizeof head);
  if (!awaiting_.empty()) {
    awaiting_[sequence & (awaiting_.size() - 1)] = static_cast<std::uint32_t>(plan_.receivers);
  }
  ++published_;
  return payload_;
}

std::size_t traffic::credit() const {
  const std::uint64_t under_way = published_ - completed_;
  if (under_way >= plan_.under_way_max) return 0;
  const std::size_t left = plan_.under_way_max - under_way;
  if (awaiting_.empty()) return left;
  // With many receivers a later message may be complete before an earlier one.
  std::size_t free = 0;
  while (free < left && awaiting_[(sequences_.front() + free) & (awaiting_.size() - 1)] == 0) {
    ++free;
  }
  return free;
}

void traffic::start_recording() {
  latencies_ = {};
  recording_ = true;
}

void traffic::on_message(std::uint32_t receiver, const publish_view& message, instant now) {
  header head{};
  const bool whole = message.payload.size() == payload_.size() &&
                     std::equal(message.payload.begin() + sizeof head, message.payload.end(),
                                payload_.begin() + sizeof head);
  if (whole) std::memcpy(&head, message.payload.data(), sizeof head);
  if (!whole || head.magic != magic || head.stream_index >= plan_.streams.size() ||
      head.sequence >= sequences_[head.stream_index] || message.qos != plan_.qos ||
      message.retain) {
    ++faults_.corrupted;
    return;
  }
  const stream& source = plan_.streams[head.stream_index];
  const bool to_everyone = plan_.to == audience::everyone;
  if ((!to_everyone && receiver != source.receiver) || !same(message.topic, source.topic)) {
    ++faults_.misrouted;
    return;
  }
  const ledger::verdict verdict =
      ledger_.accept(to_everyone ? receiver : head.stream_index, head.sequence);
  if (!verdict.fresh) return;
  ++delivered_;
  if (recording_) {
    latencies_.record(now.time_since_epoch() - nanoseconds{head.sent_at_ns});
  }
  count_completed(head.sequence, verdict);
}

void traffic::count_completed(std::uint64_t sequence, const ledger::verdict& verdict) {
  // What was jumped over no longer holds credit, so that a loss shows in the verdict and not as
  // a standstill.
  if (verdict.was_missing) return;
  if (awaiting_.empty()) {
    completed_ += 1 + verdict.skipped;
    return;
  }
  for (std::uint64_t s = sequence - verdict.skipped; s <= sequence; ++s) {
    if (--awaiting_[s & (awaiting_.size() - 1)] == 0) ++completed_;
  }
}

faults traffic::close_books() {
  const bool to_everyone = plan_.to == audience::everyone;
  const std::size_t cells = to_everyone ? plan_.receivers : plan_.streams.size();
  for (std::size_t cell = 0; cell < cells; ++cell) {
    ledger_.close_cell(cell, sequences_[to_everyone ? 0 : cell]);
  }
  faults_.lost = ledger_.lost();
  faults_.duplicated = ledger_.duplicated();
  faults_.out_of_order = ledger_.out_of_order();
  return faults_;
}

}  // namespace godwit::bench
