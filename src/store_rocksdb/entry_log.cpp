#include "entry_log.hpp"

namespace godwit::store_rocksdb {

entry_log::page_map::iterator entry_log::page_of(std::uint64_t position) noexcept {
  const std::uint64_t key = position / page::width;
  if (pages_.empty()) return pages_.end();
  if (pages_.begin()->first == key) return pages_.begin();
  if (const auto last = std::prev(pages_.end()); last->first == key) return last;
  return pages_.find(key);
}

void entry_log::insert(std::uint64_t position, std::uint64_t message) {
  auto at = page_of(position);
  if (at == pages_.end()) at = pages_.try_emplace(pages_.end(), position / page::width);
  at->second.insert(position % page::width, message);
  ++count_;
}

std::uint64_t entry_log::find(std::uint64_t position) const noexcept {
  auto& self = const_cast<entry_log&>(*this);
  const auto at = self.page_of(position);
  if (at == pages_.end()) return 0;
  const std::uint64_t* const message = at->second.find(position % page::width);
  return message == nullptr ? 0 : *message;
}

void entry_log::erase(std::uint64_t position) {
  const auto at = page_of(position);
  GODWIT_ASSERT(at != pages_.end());
  at->second.erase(position % page::width);
  if (at->second.empty()) pages_.erase(at);
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
  std::size_t bytes = 0;
  for (const auto& [key, p] : pages_) bytes += 80 + p.allocated_bytes() + 16;
  if (extras_ != nullptr) bytes += extras_->size() * 80;
  return bytes;
}

}  // namespace godwit::store_rocksdb
