#include <godwit/base/assert.hpp>
#include <godwit/mqtt/subscription_bits.hpp>
#include <godwit/session/subscription_table.hpp>

#include <algorithm>
#include <cstring>

namespace godwit::session {

namespace {

using mqtt::subscription_bits;

constexpr std::size_t head_bytes = sizeof(std::uint32_t) + sizeof(std::uint16_t);

/// The word of a record's terms; what is gone has none.
std::uint32_t packed(const store::subscription_terms& t) noexcept {
  return subscription_bits{t.quality, t.no_local, t.retain_as_published, t.identifier}.word();
}

}  // namespace

subscription_table::outcome subscription_table::set(std::string_view filter,
                                                    const store::subscription_terms& terms,
                                                    const base::hash_seed& seed) {
  if (const place known = locate(filter); known != nowhere) {
    words_[known] = packed(terms);
    return outcome::replaced;
  }
  if (!index_ && size() == few_max) {
    index_ = std::make_unique<index>();
    index_->seed = seed;
    for (place at = 0; at < words_.size(); at = behind(at)) {
      index_->places.insert(index_->hash(filter_at(at)), at);
    }
  }
  append(filter, terms);
  return outcome::added;
}

bool subscription_table::erase(std::string_view filter) {
  const place at = locate(filter);
  if (at == nowhere) return false;
  erase_at(at);
  return true;
}

std::optional<store::subscription_terms> subscription_table::find(std::string_view filter) const {
  const place at = locate(filter);
  return at == nowhere ? std::nullopt : std::optional{terms_at(at)};
}

std::optional<std::string> subscription_table::take() {
  if (empty()) return std::nullopt;
  place at = 0;
  if (index_) {
    while (is_gone(index_->first)) index_->first = behind(index_->first);
    at = index_->first;
  }
  std::string filter{filter_at(at)};
  erase_at(at);
  return filter;
}

std::size_t subscription_table::size() const noexcept {
  if (index_) return index_->places.size();
  std::size_t count = 0;
  for (place at = 0; at < words_.size(); at = behind(at)) ++count;
  return count;
}

bool subscription_table::has_room_for(std::string_view filter) const noexcept {
  return words_.size() + words_of(filter) < nowhere;
}

std::size_t subscription_table::memory_size() const noexcept {
  const std::size_t of_index = index_ ? sizeof(index) + index_->places.memory_size() : 0;
  return words_.capacity() * sizeof(std::uint32_t) + of_index;
}

std::size_t subscription_table::words_of(std::string_view filter) noexcept {
  return (head_bytes + filter.size() + sizeof(std::uint32_t) - 1) / sizeof(std::uint32_t);
}

std::string_view subscription_table::filter_at(place at) const noexcept {
  const char* const text_size = reinterpret_cast<const char*>(&words_[at] + 1);
  std::uint16_t size;
  std::memcpy(&size, text_size, sizeof size);
  return {text_size + sizeof size, size};
}

store::subscription_terms subscription_table::terms_at(place at) const noexcept {
  const subscription_bits bits{words_[at]};
  return {.quality = bits.quality(),
          .no_local = bits.no_local(),
          .retain_as_published = bits.retain_as_published(),
          .identifier = bits.identifier()};
}

bool subscription_table::is_gone(place at) const noexcept {
  return subscription_bits{words_[at]}.is_other();
}

subscription_table::place subscription_table::behind(place at) const noexcept {
  return at + static_cast<place>(words_of(filter_at(at)));
}

subscription_table::place subscription_table::locate(std::string_view filter) const {
  if (index_) {
    return index_->places.find(index_->hash(filter),
                               [&](place at) { return filter_at(at) == filter; });
  }
  for (place at = 0; at < words_.size(); at = behind(at)) {
    if (filter_at(at) == filter) return at;
  }
  return nowhere;
}

void subscription_table::append(std::string_view filter, const store::subscription_terms& terms) {
  GODWIT_ASSERT(filter.size() <= 0xffff && has_room_for(filter));
  const auto at = static_cast<place>(words_.size());
  const std::size_t end = words_.size() + words_of(filter);
  // Most sessions have one subscription; the usual doubling would cost them memory.
  const std::size_t spare = index_ ? words_.capacity() / 4 : 0;
  if (end > words_.capacity()) words_.reserve(std::max(end, words_.capacity() + spare));
  words_.resize(end);
  words_[at] = packed(terms);
  char* const text_size = reinterpret_cast<char*>(&words_[at] + 1);
  const auto size = static_cast<std::uint16_t>(filter.size());
  std::memcpy(text_size, &size, sizeof size);
  std::memcpy(text_size + sizeof size, filter.data(), filter.size());
  if (index_) index_->places.insert(index_->hash(filter), at);
}

void subscription_table::erase_at(place at) {
  const std::size_t words = words_of(filter_at(at));
  if (!index_) {
    words_.erase(words_.begin() + at, words_.begin() + behind(at));
    return;
  }
  index_->places.erase(index_->hash(filter_at(at)), at);
  words_[at] = subscription_bits::other().word();
  index_->gone_words += words;
  if (index_->places.size() == 0) {
    words_ = std::vector<std::uint32_t>{};  // "{}" alone would keep the memory
    index_.reset();
  } else if (index_->gone_words * 2 > words_.size()) {
    close_gaps();
  }
}

/// One step, however many there are: some milliseconds for 100,000.
void subscription_table::close_gaps() {
  std::vector<std::uint32_t> kept;
  kept.reserve((words_.size() - index_->gone_words) * 5 / 4);
  base::slot_table places;
  for (place at = 0; at < words_.size(); at = behind(at)) {
    if (is_gone(at)) continue;
    places.insert(index_->hash(filter_at(at)), static_cast<place>(kept.size()));
    kept.insert(kept.end(), words_.begin() + at, words_.begin() + behind(at));
  }
  words_ = std::move(kept);
  index_->places = std::move(places);
  index_->first = 0;
  index_->gone_words = 0;
}

}  // namespace godwit::session
