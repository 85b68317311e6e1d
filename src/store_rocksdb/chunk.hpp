#pragma once

#include <godwit/mqtt/message.hpp>
#include <godwit/store/records.hpp>
#include <godwit/store/store.hpp>

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>

/// The journal's chunks. docs/store_format.md is the contract; golden files hold it.

namespace godwit::store_rocksdb {

inline constexpr std::uint8_t chunk_format = 1;
inline constexpr std::uint32_t chunk_magic = 0x4757'4A43;  // "GWJC"

/// Sum of the hashes of a column's rows, so that none can go missing unseen.
using row_digests = std::array<std::uint64_t, 4>;

struct chunk_header {
  std::uint64_t number = 0;
  std::uint64_t previous_hash = 0;  ///< `chunk_hash` of the chunk before
  std::uint64_t first = 0;          ///< oldest chunk that counts once this one is there
  store::high_water seen;
  row_digests rows{};  ///< after this commit
  std::uint32_t count = 0;
};

/// Never renumber.
enum class record_kind : std::uint8_t {
  message = 1,
  enqueued = 2,
  committed = 3,
  sent = 4,
  removed = 5,
  rec_received = 6,
  qos2_received = 7,
  qos2_released = 8,
  restarted = 9,
  also_enqueued = 10,  ///< read and written as an `enqueued_record`
};

struct message_record {
  mqtt::message_fields fields;  ///< views into the chunk
  [[nodiscard]] std::uint32_t content_size() const noexcept {
    return static_cast<std::uint32_t>(fields.topic.size() + fields.properties.size() +
                                      fields.payload.size());
  }
};
struct enqueued_record {
  std::uint64_t session = 0;
  std::uint64_t position = 0;
  std::uint64_t message = 0;
  mqtt::qos quality = mqtt::qos::at_least_once;
  bool retain = false;
  bool received = false;
  std::uint16_t id = 0;
  std::uint64_t commit = 0;
  std::string_view share;
  std::string_view identifiers;  ///< u32 each
  friend bool operator==(const enqueued_record&, const enqueued_record&) = default;
};
struct committed_record {
  std::uint64_t commit = 0;
};
struct sent_record {
  std::uint64_t session = 0;
  std::uint64_t position = 0;
  std::uint16_t id = 0;
};
struct removed_record {
  std::uint64_t session = 0;
  std::uint64_t position = 0;
};
struct rec_received_record {
  std::uint64_t session = 0;
  std::uint64_t position = 0;
};
struct qos2_received_record {
  std::uint64_t session = 0;
  std::uint16_t id = 0;
};
struct qos2_released_record {
  std::uint64_t session = 0;
  std::uint16_t id = 0;
};
/// What is tentative here will never be decided: its broker is gone.
struct restarted_record {};

/// In the order of `record_kind`. An ENQ that says the same as the one before it for another
/// session is short on disk: a message that many sessions want is mostly these.
using chunk_record =
    std::variant<message_record, enqueued_record, committed_record, sent_record, removed_record,
                 rec_received_record, qos2_received_record, qos2_released_record, restarted_record>;

/// Bytes in a chunk of the record with these parts, each written in full: what "live bytes" are
/// counted in, because what is short now may be long when it is written again.
[[nodiscard]] std::size_t encoded_size(const mqtt::message_fields& m) noexcept;
inline constexpr std::size_t enqueued_size = 26;

/// Builds one chunk.
class chunk_writer {
 public:
  chunk_writer();

  /// Each returns the offset of the record in the chunk.
  std::uint32_t add(const mqtt::message_fields& m);
  std::uint32_t add(const mqtt::message& m);
  void add(const enqueued_record& r);
  void add(const committed_record& r);
  void add(const sent_record& r);
  void add(const removed_record& r);
  void add(const rec_received_record& r);
  void add(const qos2_received_record& r);
  void add(const qos2_released_record& r);
  void add(const restarted_record& r);

  [[nodiscard]] std::uint32_t count() const noexcept { return count_; }
  [[nodiscard]] std::size_t size() const noexcept { return bytes_.size(); }
  /// As if every entry were written in full: what garbage collection counts in.
  [[nodiscard]] std::size_t full_size() const noexcept { return bytes_.size() + saved_; }

  /// Completes the chunk with its header and checksum (`header.count` is set here). The view lives
  /// until `clear`.
  [[nodiscard]] std::string_view finish(chunk_header header);
  void clear();

 private:
  std::string bytes_;
  std::uint32_t count_ = 0;
  enqueued_record before_;  // the last one, plain; message 0: there was none
  std::size_t saved_ = 0;   // bytes, by short entries
};

inline constexpr std::size_t chunk_header_size = 93;

/// The chain's link: covers the header with its checksum, and so the whole chunk.
[[nodiscard]] std::uint64_t chunk_hash(std::string_view chunk) noexcept;

/// A message as it stands in a value: everything but its kind.
void append_message(std::string& to, const mqtt::message_fields& m);

/// Reads one chunk. Views live as long as its bytes.
class chunk_reader {
 public:
  /// Nothing if it is not a whole chunk of that number.
  [[nodiscard]] static std::optional<chunk_reader> open(std::string_view chunk,
                                                        std::uint64_t number) noexcept;
  /// Without the checksum, for a chunk that was checked before.
  [[nodiscard]] static std::optional<chunk_reader> open_checked(std::string_view chunk,
                                                                std::uint64_t number) noexcept;

  [[nodiscard]] const chunk_header& header() const noexcept { return header_; }
  /// The next record and the offset where it began; nothing at the end or at nonsense.
  [[nodiscard]] bool next(chunk_record& record, std::uint32_t& offset) noexcept;
  /// Once all records are read, what `chunk_writer::full_size` was.
  [[nodiscard]] std::size_t full_size() const noexcept { return chunk_.size() + saved_; }
  /// All records were read and made sense.
  [[nodiscard]] bool is_complete() const noexcept { return complete_; }

 private:
  std::string_view chunk_;
  chunk_header header_;
  std::size_t at_ = chunk_header_size;
  std::uint32_t read_ = 0;
  enqueued_record before_;  // the last one, plain; message 0: there was none
  std::size_t saved_ = 0;
  bool complete_ = false;
};

/// The message at an offset of a chunk; nothing if there is none.
[[nodiscard]] std::optional<message_record> message_at(std::string_view chunk,
                                                       std::uint32_t offset) noexcept;
class byte_reader;
[[nodiscard]] bool read_message(byte_reader& from, mqtt::message_fields& to) noexcept;

}  // namespace godwit::store_rocksdb
