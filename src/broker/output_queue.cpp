#include "output_queue.hpp"

#include <godwit/base/assert.hpp>

#include <utility>

namespace godwit::broker {

namespace {

/// A buffer above this is not kept for the next connection.
constexpr std::size_t kept_bytes_max = 65'536;
/// Sent bytes in front are only moved out of the way once they are this many, and as many as those
/// behind them: so a byte is moved once at most for each that is sent, and a buffer is never more
/// than twice what it holds.
constexpr std::size_t compact_above = 8'192;

}  // namespace

void output_queue::attach(base::ref<const mqtt::message> m) {
  attached_bytes_ += m->payload().size();
  attached_.push_back({bytes_.size(), std::move(m)});
}

void output_queue::gather(std::vector<base::bytes_view>& pieces) const {
  pieces.clear();
  std::size_t skip = sent_;
  const auto add = [&](base::bytes_view piece) {
    if (skip >= piece.size()) {
      skip -= piece.size();
    } else {
      pieces.push_back(piece.subspan(std::exchange(skip, 0)));
    }
  };
  const base::bytes_view all{bytes_};
  std::size_t from = 0;
  for (const attachment& a : attached_) {
    add(all.subspan(from, a.offset - from));
    add(a.message->payload());
    from = a.offset;
  }
  add(all.subspan(from));
}

void output_queue::consume(std::size_t count) noexcept {
  GODWIT_ASSERT(count <= size());
  sent_ += count;
  if (empty()) {
    bytes_.clear();
    attached_.clear();
    attached_bytes_ = 0;
    sent_ = 0;
  } else if (sent_ > compact_above && sent_ >= bytes_.size() / 2) {
    drop_sent();
  }
}

void output_queue::drop_sent() {
  std::size_t keep_from = 0;  // in bytes_
  std::size_t passed = 0;     // sent bytes before it, attachments included
  std::size_t attachments = 0;
  for (const attachment& a : attached_) {
    const std::size_t end = passed + (a.offset - keep_from) + a.message->payload().size();
    if (end > sent_) break;
    passed = end;
    keep_from = a.offset;
    attached_bytes_ -= a.message->payload().size();
    ++attachments;
  }
  // Of the buffer, what lies before the next attachment and is sent can go, too.
  const std::size_t next =
      attachments < attached_.size() ? attached_[attachments].offset : bytes_.size();
  const std::size_t plain = std::min(sent_ - passed, next - keep_from);
  keep_from += plain;
  passed += plain;
  attached_.erase(attached_.begin(), attached_.begin() + static_cast<std::ptrdiff_t>(attachments));
  for (attachment& a : attached_) a.offset -= keep_from;
  bytes_.erase(bytes_.begin(), bytes_.begin() + static_cast<std::ptrdiff_t>(keep_from));
  sent_ -= passed;
}

void output_queue::reset() noexcept {
  bytes_.clear();
  attached_.clear();
  attached_bytes_ = 0;
  sent_ = 0;
  if (bytes_.capacity() > kept_bytes_max) bytes_ = base::bytes{};
}

}  // namespace godwit::broker
