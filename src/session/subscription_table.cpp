#include <godwit/session/subscription_table.hpp>

#include <algorithm>

namespace godwit::session {

subscription_table::outcome subscription_table::set(std::string_view filter, mqtt::qos quality) {
  if (many_) {
    const bool added = many_->insert_or_assign(std::string{filter}, quality).second;
    return added ? outcome::added : outcome::replaced;
  }
  const auto found =
      std::find_if(few_.begin(), few_.end(), [&](const entry& e) { return e.filter == filter; });
  if (found != few_.end()) {
    found->quality = quality;
    return outcome::replaced;
  }
  if (few_.size() < few_max) {
    // Most sessions have one subscription; the usual doubling would cost them memory.
    few_.reserve(few_.size() + 1);
    few_.push_back({std::string{filter}, quality});
    return outcome::added;
  }
  many_ = std::make_unique<std::unordered_map<std::string, mqtt::qos>>();
  for (entry& e : few_) many_->emplace(std::move(e.filter), e.quality);
  few_ = std::vector<entry>{};
  many_->emplace(filter, quality);
  return outcome::added;
}

bool subscription_table::erase(std::string_view filter) {
  if (many_) return many_->erase(std::string{filter}) != 0;
  return std::erase_if(few_, [&](const entry& e) { return e.filter == filter; }) != 0;
}

bool subscription_table::contains(std::string_view filter) const {
  if (many_) return many_->contains(std::string{filter});
  return std::any_of(few_.begin(), few_.end(), [&](const entry& e) { return e.filter == filter; });
}

std::size_t subscription_table::size() const noexcept {
  return many_ ? many_->size() : few_.size();
}

}  // namespace godwit::session
