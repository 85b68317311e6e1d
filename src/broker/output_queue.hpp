#pragma once

#include <godwit/base/bytes.hpp>
#include <godwit/mqtt/message.hpp>

#include <cstddef>
#include <vector>

namespace godwit::broker {

/// What a connection has to send: small packets as bytes in one buffer, large payloads where they
/// lie. Taken from a pool when the first byte is appended, given back when everything is sent.
class output_queue {
 public:
  /// Whole packets are appended here.
  [[nodiscard]] base::bytes& bytes() noexcept { return bytes_; }
  /// The payload of `m` follows what has been appended so far.
  void attach(base::ref<const mqtt::message> m);

  [[nodiscard]] std::size_t size() const noexcept {
    return bytes_.size() + attached_bytes_ - sent_;
  }
  [[nodiscard]] bool empty() const noexcept { return size() == 0; }
  /// Bytes that it takes, without the attached messages.
  [[nodiscard]] std::size_t memory_size() const noexcept {
    return sizeof *this + bytes_.capacity() + attached_.capacity() * sizeof(attachment);
  }

  /// The unsent bytes in order; valid until the queue changes.
  void gather(std::vector<base::bytes_view>& pieces) const;
  /// `count` more bytes are sent.
  void consume(std::size_t count) noexcept;
  /// Forgets everything; keeps a moderate buffer for the next user.
  void reset() noexcept;

 private:
  struct attachment {
    std::size_t offset;  // in bytes_
    base::ref<const mqtt::message> message;
  };
  void drop_sent();

  base::bytes bytes_;
  std::vector<attachment> attached_;
  std::size_t attached_bytes_ = 0;
  std::size_t sent_ = 0;  // over both, in order
};

}  // namespace godwit::broker
