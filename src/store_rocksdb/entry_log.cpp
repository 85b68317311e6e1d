#include "entry_log.hpp"

#include <utility>

namespace godwit::store_rocksdb {

entry_log::page* entry_log::find_page(std::uint64_t key) noexcept {
  if (key == newest_key_) return &newest_;
  if (older_ == nullptr) return nullptr;
  const auto oldest = older_->begin();
  const auto at = oldest->first == key ? oldest : older_->find(key);
  return at == older_->end() ? nullptr : &at->second;
}

entry_log::page& entry_log::page_for(std::uint64_t key) {
  if (page* const there = find_page(key)) return *there;
  if (key > newest_key_ && newest_.empty()) {
    newest_key_ = key;
    return newest_;
  }
  if (older_ == nullptr) older_ = std::make_unique<page_map>();
  if (key < newest_key_) return (*older_)[key];
  older_->emplace_hint(older_->end(), newest_key_, std::exchange(newest_, {}));
  newest_key_ = key;
  return newest_;
}

void entry_log::insert(std::uint64_t position, std::uint64_t message) {
  page_for(position / page::width).insert(position % page::width, message);
  ++count_;
}

std::uint64_t entry_log::find(std::uint64_t position) const noexcept {
  page* const p = const_cast<entry_log&>(*this).find_page(position / page::width);
  const std::uint64_t* const message = p == nullptr ? nullptr : p->find(position % page::width);
  return message == nullptr ? 0 : *message;
}

void entry_log::erase(std::uint64_t position) {
  const std::uint64_t key = position / page::width;
  page* const p = find_page(key);
  GODWIT_ASSERT(p != nullptr);
  p->erase(position % page::width);
  if (p->empty()) {
    if (key == newest_key_) {
      newest_ = {};
    } else {
      older_->erase(key);
      if (older_->empty()) older_.reset();
    }
  }
  --count_;
  if (extras_ != nullptr) {
    extras_->erase(position);
    if (extras_->empty()) extras_.reset();
  }
}

entry_extra* entry_log::find_extra(std::uint64_t position) noexcept {
  if (extras_ == nullptr) return nullptr;
  const auto at = extras_->find(position);
  return at == extras_->end() ? nullptr : &at->second;
}

entry_extra entry_log::extra_of(std::uint64_t position) const noexcept {
  if (extras_ == nullptr) return {};
  const auto at = extras_->find(position);
  return at == extras_->end() ? entry_extra{} : at->second;
}

entry_log::extra_map& entry_log::extras() {
  if (extras_ == nullptr) extras_ = std::make_unique<extra_map>();
  return *extras_;
}

void entry_log::tidy_extra(std::uint64_t position) noexcept {
  if (extras_ == nullptr) return;
  const auto at = extras_->find(position);
  if (at != extras_->end() && at->second.is_plain()) extras_->erase(at);
  if (extras_->empty()) extras_.reset();
}

std::size_t entry_log::allocated_bytes() const noexcept {
  constexpr std::size_t node = sizeof(page_map::value_type) + 32;
  std::size_t bytes = newest_.allocated_bytes();
  if (older_ != nullptr) {
    bytes += sizeof(page_map);
    for (const auto& [key, p] : *older_) bytes += node + p.allocated_bytes() + 16;
  }
  if (extras_ != nullptr) bytes += extras_->size() * 80;
  return bytes;
}

}  // namespace godwit::store_rocksdb
