#include <godwit/base/checked_cast.hpp>
#include <godwit/base/striped_count.hpp>
#include <godwit/mqtt/message.hpp>

#include <cstring>
#include <new>

namespace godwit::mqtt {
namespace {

std::byte* append(std::byte* to, bytes_view bytes) noexcept {
  if (!bytes.empty()) std::memcpy(to, bytes.data(), bytes.size());
  return to + bytes.size();
}

base::striped_count all_bytes;

/// What an allocation of so many bytes takes: eight more, in steps of sixteen.
std::uint64_t allocated(std::size_t bytes) noexcept {
  return (bytes + 8 + 15) / 16 * 16;
}

}  // namespace

message::message(const message_fields& fields) noexcept
    : number_{fields.number},
      retain_version_{fields.retain_version},
      arrival_{fields.arrival},
      publisher_{fields.publisher},
      expiry_s_{fields.expiry_s.value_or(0)},
      topic_size_{base::checked_cast<std::uint32_t>(fields.topic.size())},
      properties_size_{base::checked_cast<std::uint32_t>(fields.properties.size())},
      payload_size_{base::checked_cast<std::uint32_t>(fields.payload.size())},
      publisher_id_size_{base::checked_cast<std::uint16_t>(fields.publisher_id.size())},
      publisher_user_size_{base::checked_cast<std::uint16_t>(fields.publisher_user.size())},
      quality_{fields.quality},
      retain_{fields.retain},
      has_expiry_{fields.expiry_s.has_value()} {}

base::ref<const message> message::make(const message_fields& fields) {
  const std::size_t behind = fields.topic.size() + fields.properties.size() +
                             fields.payload.size() + fields.publisher_id.size() +
                             fields.publisher_user.size();
  void* const memory = ::operator new(sizeof(message) + behind);
  auto* const m = new (memory) message{fields};
  std::byte* to = static_cast<std::byte*>(memory) + sizeof(message);
  to = append(to, base::as_bytes(fields.topic));
  to = append(to, fields.properties);
  to = append(to, fields.payload);
  to = append(to, base::as_bytes(fields.publisher_id));
  append(to, base::as_bytes(fields.publisher_user));
  all_bytes.add(allocated(sizeof(message) + behind));
  return base::ref<const message>::adopt(m);
}

message_fields message::fields() const noexcept {
  message_fields f;
  f.number = number();
  f.topic = topic();
  f.payload = payload();
  f.properties = properties();
  f.quality = quality();
  f.retain = retain();
  f.retain_version = retain_version();
  f.arrival = arrival();
  f.expiry_s = expiry_s();
  f.publisher = publisher();
  f.publisher_id = publisher_id();
  f.publisher_user = publisher_user();
  return f;
}

std::uint64_t message::bytes_in_memory() noexcept {
  return all_bytes.sum();
}

void message::destroy(const message* m) noexcept {
  all_bytes.subtract(allocated(m->memory_size()));
  m->~message();
  ::operator delete(const_cast<message*>(m));
}

}  // namespace godwit::mqtt
