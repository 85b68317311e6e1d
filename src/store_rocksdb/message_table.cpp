#include "message_table.hpp"

#include <godwit/base/checked_cast.hpp>

#include <bit>
#include <vector>

namespace godwit::store_rocksdb {
namespace {

// Eleven bits of the size and five of a shift: rounds up, so that nothing counts as free.
std::uint16_t pack_size(std::uint64_t size) noexcept {
  std::uint32_t shift = 0;
  while (size > 0x7FF) {
    size = (size + 1) >> 1U;
    ++shift;
  }
  return static_cast<std::uint16_t>(shift << 11U | static_cast<std::uint32_t>(size));
}

std::uint64_t unpack_size(std::uint16_t packed) noexcept {
  return std::uint64_t{packed & 0x7FFU} << (packed >> 11U);
}

}  // namespace

const message_table::slot* message_table::find_slot(std::uint64_t number) const noexcept {
  const auto at = pages_.find(number / page::width);
  return at == pages_.end() ? nullptr : at->second.find(number % page::width);
}

message_table::slot* message_table::find_slot(std::uint64_t number) noexcept {
  const auto at = pages_.find(number / page::width);
  return at == pages_.end() ? nullptr : at->second.find(number % page::width);
}

message_table::slot& message_table::slot_for(std::uint64_t number) {
  page& p = pages_[number / page::width];
  if (slot* const found = p.find(number % page::width)) return *found;
  ++count_;
  return p.insert(number % page::width, slot{});
}

bool message_table::contains(std::uint64_t number) const noexcept {
  return find_slot(number) != nullptr;
}

body_location message_table::find(std::uint64_t number) const noexcept {
  const slot* const s = find_slot(number);
  if (s == nullptr) return {};
  return {
      .chunk = std::uint64_t{s->chunk[0]} << 32U | std::uint64_t{s->chunk[1]} << 16U | s->chunk[2],
      .offset = std::uint32_t{s->offset[0]} << 16U | s->offset[1]};
}

std::uint64_t message_table::references(std::uint64_t number) const noexcept {
  const slot* const s = find_slot(number);
  if (s == nullptr) return 0;
  return s->references == many ? many_.at(number) : s->references;
}

void message_table::place(std::uint64_t number, body_location where, std::size_t size) {
  GODWIT_ASSERT(where.chunk < std::uint64_t{1} << 48U);
  slot& s = slot_for(number);
  live_bytes_ -= unpack_size(s.size);
  s.size = pack_size(size);
  live_bytes_ += unpack_size(s.size);
  s.chunk[0] = static_cast<std::uint16_t>(where.chunk >> 32U);
  s.chunk[1] = static_cast<std::uint16_t>(where.chunk >> 16U);
  s.chunk[2] = static_cast<std::uint16_t>(where.chunk);
  s.offset[0] = static_cast<std::uint16_t>(where.offset >> 16U);
  s.offset[1] = static_cast<std::uint16_t>(where.offset);
}

void message_table::add_reference(std::uint64_t number) {
  slot& s = slot_for(number);
  if (s.references == many) {
    ++many_.at(number);
  } else if (++s.references == many) {
    many_.emplace(number, many);
  }
}

void message_table::release(std::uint64_t number) {
  slot* const s = find_slot(number);
  GODWIT_ASSERT(s != nullptr && s->references != 0);
  if (s->references == many) {
    const auto at = many_.find(number);
    if (--at->second >= many) return;
    many_.erase(at);
  }
  if (--s->references == 0 && !keeps_unnamed_) forget(number);
}

void message_table::forget(std::uint64_t number) {
  const auto at = pages_.find(number / page::width);
  live_bytes_ -= unpack_size(at->second.find(number % page::width)->size);
  at->second.erase(number % page::width);
  if (at->second.empty()) pages_.erase(at);
  --count_;
}

std::uint64_t message_table::settle() {
  std::vector<std::uint64_t> unnamed;
  std::uint64_t lacking = 0;
  for (const auto& [key, p] : pages_) {
    for (std::uint64_t bits = p.present(); bits != 0; bits &= bits - 1) {
      const std::uint64_t number =
          key * page::width + static_cast<std::uint64_t>(std::countr_zero(bits));
      if (p.find(number % page::width)->references == 0) {
        unnamed.push_back(number);
      } else if (find(number).chunk == 0) {
        lacking = number;
      }
    }
  }
  for (const std::uint64_t number : unnamed) forget(number);
  keeps_unnamed_ = false;
  return lacking;
}

std::size_t message_table::allocated_bytes() const noexcept {
  std::size_t bytes = pages_.bucket_count() * (sizeof(std::uint64_t) + sizeof(page) + 1);
  for (const auto& [key, p] : pages_) bytes += p.allocated_bytes() + 16;
  return bytes;
}

}  // namespace godwit::store_rocksdb
