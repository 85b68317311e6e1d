#include "chunk.hpp"

#include "codec.hpp"
#include "crc32c.hpp"

#include <godwit/base/seeded_hash.hpp>

#include <concepts>
#include <utility>

namespace godwit::store_rocksdb {
namespace {

// Flags of a message. Never renumber.
constexpr std::uint8_t message_quality = 0x03;
constexpr std::uint8_t message_retain = 0x04;
constexpr std::uint8_t message_expiry = 0x08;
constexpr std::uint8_t message_version = 0x10;
constexpr std::uint8_t message_properties = 0x20;
constexpr std::uint8_t message_publisher = 0x40;
constexpr std::uint8_t message_publisher_names = 0x80;
// Flags of an entry. Never renumber.
constexpr std::uint8_t entry_quality = 0x03;
constexpr std::uint8_t entry_retain = 0x04;
constexpr std::uint8_t entry_share = 0x08;
constexpr std::uint8_t entry_commit = 0x10;
constexpr std::uint8_t entry_id = 0x20;
constexpr std::uint8_t entry_received = 0x40;
constexpr std::uint8_t entry_identifiers = 0x80;

constexpr std::size_t crc_offset = chunk_header_size - 4;

void append_header(std::string& to, const chunk_header& h) {
  append_integers(to, chunk_format, chunk_magic, h.number, h.previous_hash, h.first,
                  h.seen.session_number, h.seen.message_number, h.seen.retain_version, h.rows[0],
                  h.rows[1], h.rows[2], h.rows[3], h.count);
}

std::uint32_t checksum(std::string_view chunk) noexcept {
  return crc32c(chunk.substr(chunk_header_size), crc32c(chunk.substr(0, crc_offset)));
}

bool flag(std::uint8_t flags, std::uint8_t which) noexcept {
  return (flags & which) != 0;
}

std::uint8_t when(bool condition, std::uint8_t which) noexcept {
  return condition ? which : std::uint8_t{0};
}

bool read_quality(std::uint8_t value, mqtt::qos& to) noexcept {
  to = static_cast<mqtt::qos>(value);
  return value <= 2;
}

void read_fields(byte_reader& from, message_record& to) noexcept {
  std::ignore = read_message(from, to.fields);
}

void read_fields(byte_reader& from, enqueued_record& to) noexcept {
  to.session = from.integer<std::uint64_t>();
  to.position = from.integer<std::uint64_t>();
  to.message = from.integer<std::uint64_t>();
  const auto flags = from.integer<std::uint8_t>();
  if (!read_quality(flags & entry_quality, to.quality)) from.fail();
  to.retain = flag(flags, entry_retain);
  to.received = flag(flags, entry_received);
  if (flag(flags, entry_id)) to.id = from.integer<std::uint16_t>();
  if (flag(flags, entry_commit)) to.commit = from.integer<std::uint64_t>();
  if (flag(flags, entry_share)) to.share = from.text(from.integer<std::uint32_t>());
  if (flag(flags, entry_identifiers)) {
    to.identifiers = from.text(std::size_t{from.integer<std::uint32_t>()} * 4);
  }
}

void read_fields(byte_reader& from, committed_record& to) noexcept {
  to.commit = from.integer<std::uint64_t>();
}

void read_fields(byte_reader& from, sent_record& to) noexcept {
  to.session = from.integer<std::uint64_t>();
  to.position = from.integer<std::uint64_t>();
  to.id = from.integer<std::uint16_t>();
}

template <class Record>
requires std::same_as<Record, removed_record> || std::same_as<Record, rec_received_record>
void read_fields(byte_reader& from, Record& to) noexcept {
  to.session = from.integer<std::uint64_t>();
  to.position = from.integer<std::uint64_t>();
}

template <class Record>
requires std::same_as<Record, qos2_received_record> || std::same_as<Record, qos2_released_record>
void read_fields(byte_reader& from, Record& to) noexcept {
  to.session = from.integer<std::uint64_t>();
  to.id = from.integer<std::uint16_t>();
}

void read_fields(byte_reader& /*from*/, restarted_record& /*to*/) noexcept {}

/// Alternative n of `chunk_record` is kind n + 1.
template <std::size_t N = 0>
void read_kind(std::size_t kind, byte_reader& from, chunk_record& to) noexcept {
  if constexpr (N == std::variant_size_v<chunk_record>) {
    from.fail();
  } else if (kind == N + 1) {
    read_fields(from, to.emplace<N>());
  } else {
    read_kind<N + 1>(kind, from, to);
  }
}

/// What a short entry can say: nothing of what few entries have.
enqueued_record plain(enqueued_record r) noexcept {
  r.id = 0;
  r.received = false;
  r.share = {};
  r.identifiers = {};
  return r;
}

enqueued_record like(const enqueued_record& plain, std::uint64_t session,
                     std::uint64_t position) noexcept {
  enqueued_record r = plain;
  r.session = session;
  r.position = position;
  return r;
}

void read_also_enqueued(byte_reader& from, const enqueued_record& before,
                        chunk_record& to) noexcept {
  if (before.message == 0) from.fail();
  const std::uint64_t session = from.number_from(before.session);
  to = like(before, session, from.number_from(before.position));
}

}  // namespace

void append_message(std::string& to, const mqtt::message_fields& m) {
  const auto flags = static_cast<std::uint8_t>(
      static_cast<std::uint8_t>(m.quality) | when(m.retain, message_retain) |
      when(m.expiry_s.has_value(), message_expiry) | when(m.retain_version != 0, message_version) |
      when(!m.properties.empty(), message_properties) | when(m.publisher != 0, message_publisher) |
      when(!m.publisher_id.empty(), message_publisher_names));
  append_integers(to, m.number.value(), m.arrival.time_since_epoch().count(), flags);
  if (m.expiry_s) append_integers(to, *m.expiry_s);
  if (m.retain_version != 0) append_integers(to, m.retain_version);
  if (m.publisher != 0) append_integers(to, m.publisher);
  if (!m.publisher_id.empty()) {
    append_integers(to, base::checked_cast<std::uint16_t>(m.publisher_id.size()));
    to.append(m.publisher_id);
    append_integers(to, base::checked_cast<std::uint16_t>(m.publisher_user.size()));
    to.append(m.publisher_user);
  }
  append_integers(to, base::checked_cast<std::uint32_t>(m.topic.size()),
                  base::checked_cast<std::uint32_t>(m.payload.size()));
  if (!m.properties.empty()) {
    append_integers(to, base::checked_cast<std::uint32_t>(m.properties.size()));
  }
  to.append(m.topic);
  to.append(base::as_text(m.properties));
  to.append(base::as_text(m.payload));
}

bool read_message(byte_reader& from, mqtt::message_fields& to) noexcept {
  to.number = mqtt::message_number{from.integer<std::uint64_t>()};
  to.arrival = base::wall_time{std::chrono::milliseconds{from.integer<std::int64_t>()}};
  const auto flags = from.integer<std::uint8_t>();
  if (!read_quality(flags & message_quality, to.quality)) from.fail();
  to.retain = flag(flags, message_retain);
  if (flag(flags, message_expiry)) to.expiry_s = from.integer<std::uint32_t>();
  if (flag(flags, message_version)) to.retain_version = from.integer<std::uint64_t>();
  if (flag(flags, message_publisher)) to.publisher = from.integer<std::uint64_t>();
  if (flag(flags, message_publisher_names)) {
    to.publisher_id = from.text(from.integer<std::uint16_t>());
    to.publisher_user = from.text(from.integer<std::uint16_t>());
    if (to.publisher_id.empty()) from.fail();
  }
  const auto topic = from.integer<std::uint32_t>();
  const auto payload = from.integer<std::uint32_t>();
  const std::uint32_t properties =
      flag(flags, message_properties) ? from.integer<std::uint32_t>() : 0;
  to.topic = from.text(topic);
  to.properties = base::as_bytes(from.text(properties));
  to.payload = base::as_bytes(from.text(payload));
  return from.ok();
}

std::size_t encoded_size(const mqtt::message_fields& m) noexcept {
  return 26 + (m.expiry_s ? 4U : 0U) + (m.retain_version != 0 ? 8U : 0U) +
         (m.publisher != 0 ? 8U : 0U) + (m.properties.empty() ? 0U : 4U) +
         (m.publisher_id.empty() ? 0U : 4U + m.publisher_id.size() + m.publisher_user.size()) +
         m.topic.size() + m.properties.size() + m.payload.size();
}

chunk_writer::chunk_writer() {
  clear();
}

void chunk_writer::clear() {
  // A large chunk's memory is not kept for the small ones that follow.
  constexpr std::size_t kept = std::size_t{8} << 20U;
  if (bytes_.capacity() > kept) bytes_ = {};
  bytes_.assign(chunk_header_size, '\0');
  count_ = 0;
  before_ = {};
  saved_ = 0;
}

std::uint32_t chunk_writer::add(const mqtt::message_fields& m) {
  const auto offset = base::checked_cast<std::uint32_t>(bytes_.size());
  append_integers(bytes_, record_kind::message);
  append_message(bytes_, m);
  ++count_;
  return offset;
}

std::uint32_t chunk_writer::add(const mqtt::message& m) {
  return add(m.fields());
}

void chunk_writer::add(const enqueued_record& r) {
  ++count_;
  const enqueued_record before = std::exchange(before_, plain(r));
  if (before.message != 0 && r == like(before, r.session, r.position)) {
    const std::size_t begin = bytes_.size();
    append_integers(bytes_, record_kind::also_enqueued);
    append_difference(bytes_, before.session, r.session);
    append_difference(bytes_, before.position, r.position);
    saved_ += enqueued_size - (bytes_.size() - begin);
    return;
  }
  const auto flags = static_cast<std::uint8_t>(
      static_cast<std::uint8_t>(r.quality) | when(r.retain, entry_retain) |
      when(!r.share.empty(), entry_share) | when(r.commit != 0, entry_commit) |
      when(r.id != 0, entry_id) | when(r.received, entry_received) |
      when(!r.identifiers.empty(), entry_identifiers));
  append_integers(bytes_, record_kind::enqueued, r.session, r.position, r.message, flags);
  if (r.id != 0) append_integers(bytes_, r.id);
  if (r.commit != 0) append_integers(bytes_, r.commit);
  if (!r.share.empty()) {
    append_integers(bytes_, base::checked_cast<std::uint32_t>(r.share.size()));
    bytes_.append(r.share);
  }
  if (!r.identifiers.empty()) {
    append_integers(bytes_, base::checked_cast<std::uint32_t>(r.identifiers.size() / 4));
    bytes_.append(r.identifiers);
  }
}

void chunk_writer::add(const committed_record& r) {
  append_integers(bytes_, record_kind::committed, r.commit);
  ++count_;
}

void chunk_writer::add(const sent_record& r) {
  append_integers(bytes_, record_kind::sent, r.session, r.position, r.id);
  ++count_;
}

void chunk_writer::add(const removed_record& r) {
  append_integers(bytes_, record_kind::removed, r.session, r.position);
  ++count_;
}

void chunk_writer::add(const rec_received_record& r) {
  append_integers(bytes_, record_kind::rec_received, r.session, r.position);
  ++count_;
}

void chunk_writer::add(const qos2_received_record& r) {
  append_integers(bytes_, record_kind::qos2_received, r.session, r.id);
  ++count_;
}

void chunk_writer::add(const qos2_released_record& r) {
  append_integers(bytes_, record_kind::qos2_released, r.session, r.id);
  ++count_;
}

void chunk_writer::add(const restarted_record& /*none*/) {
  append_integers(bytes_, record_kind::restarted);
  ++count_;
}

std::string_view chunk_writer::finish(chunk_header header) {
  header.count = count_;
  std::string head;
  append_header(head, header);
  GODWIT_ASSERT(head.size() == crc_offset);
  std::copy(head.begin(), head.end(), bytes_.begin());
  put_integer(&bytes_[crc_offset], checksum(bytes_));
  return bytes_;
}

std::uint64_t chunk_hash(std::string_view chunk) noexcept {
  return base::seeded_hash(chunk.substr(0, chunk_header_size), {});
}

std::optional<chunk_reader> chunk_reader::open_checked(std::string_view chunk,
                                                       std::uint64_t number) noexcept {
  if (chunk.size() < chunk_header_size) return std::nullopt;
  byte_reader from{chunk.substr(0, chunk_header_size)};
  if (from.integer<std::uint8_t>() != chunk_format) return std::nullopt;
  if (from.integer<std::uint32_t>() != chunk_magic) return std::nullopt;
  chunk_reader r;
  r.chunk_ = chunk;
  chunk_header& h = r.header_;
  h.number = from.integer<std::uint64_t>();
  h.previous_hash = from.integer<std::uint64_t>();
  h.first = from.integer<std::uint64_t>();
  h.seen.session_number = from.integer<std::uint64_t>();
  h.seen.message_number = from.integer<std::uint64_t>();
  h.seen.retain_version = from.integer<std::uint64_t>();
  for (std::uint64_t& sum : h.rows) sum = from.integer<std::uint64_t>();
  h.count = from.integer<std::uint32_t>();
  r.complete_ = h.count == 0 && chunk.size() == chunk_header_size;
  if (h.number != number || h.first > number) return std::nullopt;
  return r;
}

std::optional<chunk_reader> chunk_reader::open(std::string_view chunk,
                                               std::uint64_t number) noexcept {
  auto r = open_checked(chunk, number);
  if (!r) return r;
  byte_reader stored{chunk.substr(crc_offset, 4)};
  if (stored.integer<std::uint32_t>() != checksum(chunk)) return std::nullopt;
  return r;
}

bool chunk_reader::next(chunk_record& record, std::uint32_t& offset) noexcept {
  if (read_ == header_.count) return false;
  byte_reader from{chunk_.substr(at_)};
  offset = static_cast<std::uint32_t>(at_);
  const auto kind = from.integer<std::uint8_t>();
  const bool is_short = kind == static_cast<std::uint8_t>(record_kind::also_enqueued);
  if (is_short) {
    read_also_enqueued(from, before_, record);
  } else {
    read_kind(kind, from, record);
  }
  if (!from.ok()) return false;
  if (const auto* const e = std::get_if<enqueued_record>(&record)) before_ = plain(*e);
  if (is_short) saved_ += enqueued_size - from.offset();
  at_ += from.offset();
  ++read_;
  complete_ = read_ == header_.count && at_ == chunk_.size();
  return true;
}

std::optional<message_record> message_at(std::string_view chunk, std::uint32_t offset) noexcept {
  if (offset >= chunk.size()) return std::nullopt;
  byte_reader from{chunk.substr(offset)};
  if (from.integer<std::uint8_t>() != static_cast<std::uint8_t>(record_kind::message)) {
    return std::nullopt;
  }
  message_record r;
  if (!read_message(from, r.fields)) return std::nullopt;
  return r;
}

}  // namespace godwit::store_rocksdb
