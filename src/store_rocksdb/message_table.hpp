#pragma once

#include "packed_page.hpp"

#include <boost/unordered/unordered_flat_map.hpp>

#include <cstddef>
#include <cstdint>

namespace godwit::store_rocksdb {

/// Where a body lies.
struct body_location {
  std::uint64_t chunk = 0;  ///< 0: not known yet
  std::uint32_t offset = 0;
  friend bool operator==(const body_location&, const body_location&) = default;
};

/// Message number -> where its body is, how large, and how many log entries name it. Dense numbers
/// take about 16 bytes each. Sizes are rounded to 11 significant bits.
class message_table {
 public:
  /// Nothing if no entry names it and no body is known.
  [[nodiscard]] bool contains(std::uint64_t number) const noexcept;
  [[nodiscard]] body_location find(std::uint64_t number) const noexcept;
  [[nodiscard]] std::uint64_t references(std::uint64_t number) const noexcept;

  /// The body is here now.
  void place(std::uint64_t number, body_location where, std::size_t size);
  void add_reference(std::uint64_t number);
  /// With the last one the message is forgotten.
  void release(std::uint64_t number);
  /// From now until `settle`, bodies stay known though nothing names them. Replay does not see the
  /// entries of sessions that have ended since; one of them may have been what kept a body known
  /// between two other entries, so that it was written only once.
  void keep_unnamed() noexcept { keeps_unnamed_ = true; }
  /// Forgets bodies that nothing names (replay). Returns a number that is named and has no body, or
  /// 0.
  std::uint64_t settle();

  [[nodiscard]] std::uint64_t size() const noexcept { return count_; }
  /// Bytes of all bodies.
  [[nodiscard]] std::uint64_t live_bytes() const noexcept { return live_bytes_; }
  [[nodiscard]] std::size_t allocated_bytes() const noexcept;

 private:
  /// 14 bytes, of which chunk numbers have 48 bits.
  struct slot {
    std::uint16_t chunk[3];
    std::uint16_t offset[2];
    std::uint16_t size;
    std::uint16_t references;  ///< all bits: `many_` has the number
  };
  static constexpr std::uint16_t many = 0xFFFF;
  using page = packed_page<slot>;

  [[nodiscard]] const slot* find_slot(std::uint64_t number) const noexcept;
  [[nodiscard]] slot* find_slot(std::uint64_t number) noexcept;
  slot& slot_for(std::uint64_t number);
  void forget(std::uint64_t number);

  boost::unordered_flat_map<std::uint64_t, page> pages_;
  boost::unordered_flat_map<std::uint64_t, std::uint64_t> many_;
  std::uint64_t count_ = 0;
  std::uint64_t live_bytes_ = 0;
  bool keeps_unnamed_ = false;
};

}  // namespace godwit::store_rocksdb
