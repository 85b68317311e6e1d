#include <godwit/session/subscription_table.hpp>

#include <algorithm>

namespace godwit::session {

subscription_table::outcome subscription_table::set(std::string_view filter,
                                                    const store::subscription_terms& terms) {
  if (many_) {
    const bool added = many_->insert_or_assign(std::string{filter}, terms).second;
    return added ? outcome::added : outcome::replaced;
  }
  const auto found =
      std::find_if(few_.begin(), few_.end(), [&](const entry& e) { return e.filter == filter; });
  if (found != few_.end()) {
    found->terms = terms;
    return outcome::replaced;
  }
  if (few_.size() < few_max) {
    // Most sessions have one subscription; the usual doubling would cost them memory.
    few_.reserve(few_.size() + 1);
    few_.push_back({std::string{filter}, terms});
    return outcome::added;
  }
  many_ = std::make_unique<std::unordered_map<std::string, store::subscription_terms>>();
  for (entry& e : few_) many_->emplace(std::move(e.filter), e.terms);
  few_ = std::vector<entry>{};
  many_->emplace(filter, terms);
  return outcome::added;
}

bool subscription_table::erase(std::string_view filter) {
  if (many_) return many_->erase(std::string{filter}) != 0;
  return std::erase_if(few_, [&](const entry& e) { return e.filter == filter; }) != 0;
}

std::optional<store::subscription_terms> subscription_table::find(std::string_view filter) const {
  if (many_) {
    const auto found = many_->find(std::string{filter});
    return found == many_->end() ? std::nullopt : std::optional{found->second};
  }
  const auto found =
      std::find_if(few_.begin(), few_.end(), [&](const entry& e) { return e.filter == filter; });
  return found == few_.end() ? std::nullopt : std::optional{found->terms};
}

std::size_t subscription_table::memory_size() const noexcept {
  // Of a node: its link, its hash and what the allocator adds. Long filters of many are guessed.
  constexpr std::size_t node = 32 + sizeof(std::string) + sizeof(store::subscription_terms);
  constexpr std::size_t text_guess = 32;
  if (many_) return many_->size() * (node + text_guess) + many_->bucket_count() * sizeof(void*);
  std::size_t bytes = few_.capacity() * sizeof(entry);
  for (const entry& e : few_) {
    if (e.filter.capacity() > std::string{}.capacity()) bytes += e.filter.capacity() + 16;
  }
  return bytes;
}

std::optional<std::string> subscription_table::take() {
  if (many_) {
    if (many_->empty()) return std::nullopt;
    return std::move(many_->extract(many_->begin()).key());
  }
  if (few_.empty()) return std::nullopt;
  std::string filter = std::move(few_.back().filter);
  few_.pop_back();
  return filter;
}

std::size_t subscription_table::size() const noexcept {
  return many_ ? many_->size() : few_.size();
}

}  // namespace godwit::session
