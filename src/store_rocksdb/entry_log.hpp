#pragma once

#include "packed_page.hpp"

#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>

namespace godwit::store_rocksdb {

/// What few entries have besides their message.
struct entry_extra {
  std::uint64_t commit = 0;  ///< not 0: tentative
  std::uint32_t share_bytes = 0;
  std::uint16_t id = 0;
  bool received = false;
  [[nodiscard]] bool is_plain() const noexcept {
    return commit == 0 && share_bytes == 0 && id == 0 && !received;
  }
};

/// The live positions of one session's log and their message numbers: about 9 bytes an entry.
/// Fast at both ends, logarithmic between. The newest lie in one page that is part of it.
class entry_log {
 public:
  void insert(std::uint64_t position, std::uint64_t message);
  /// The message at a position, or 0.
  [[nodiscard]] std::uint64_t find(std::uint64_t position) const noexcept;
  void erase(std::uint64_t position);
  /// Calls `f(position, message)` in the order of positions; `f` must not change the log.
  template <class F>
  void for_each(F&& f) const;

  /// Nothing for an entry that is plain or gone.
  [[nodiscard]] entry_extra* find_extra(std::uint64_t position) noexcept;
  [[nodiscard]] entry_extra extra_of(std::uint64_t position) const noexcept;
  [[nodiscard]] entry_extra& extra_for(std::uint64_t position) { return extras()[position]; }
  /// Drops what has become plain.
  void tidy_extra(std::uint64_t position) noexcept;

  /// The next entry will come soon.
  void prefetch_newest() const noexcept { newest_.prefetch_end(); }

  [[nodiscard]] std::uint64_t size() const noexcept { return count_; }
  [[nodiscard]] bool empty() const noexcept { return count_ == 0; }
  [[nodiscard]] std::size_t allocated_bytes() const noexcept;

 private:
  using page = packed_page<std::uint64_t>;
  using page_map = std::map<std::uint64_t, page>;
  using extra_map = std::map<std::uint64_t, entry_extra>;

  [[nodiscard]] page* find_page(std::uint64_t key) noexcept;
  page& page_for(std::uint64_t key);
  [[nodiscard]] extra_map& extras();

  std::uint64_t newest_key_ = 0;  // position / width
  page newest_;                   // may be empty
  std::unique_ptr<page_map> older_;
  std::unique_ptr<extra_map> extras_;
  std::uint64_t count_ = 0;
};

template <class F>
void entry_log::for_each(F&& f) const {
  const auto all_of = [&](std::uint64_t key, const page& p) {
    for (std::uint64_t bits = p.present(); bits != 0; bits &= bits - 1) {
      const auto index = static_cast<std::uint64_t>(std::countr_zero(bits));
      f(key * page::width + index, *p.find(index));
    }
  };
  if (older_ != nullptr) {
    for (const auto& [key, p] : *older_) all_of(key, p);
  }
  all_of(newest_key_, newest_);
}

}  // namespace godwit::store_rocksdb
