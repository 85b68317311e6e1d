#pragma once

#include <godwit/base/seeded_hash.hpp>
#include <godwit/base/slot_table.hpp>
#include <godwit/store/records.hpp>

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace godwit::session {

/// What a session is subscribed to: filters as the client wrote them ("$share/..." included) with
/// what was granted. All lie one behind the other in one piece of memory, six bytes each beside the
/// text; many have an index. One thread.
class subscription_table {
 public:
  enum class outcome : std::uint8_t { added, replaced };
  /// Re-subscribing keeps one subscription with the last terms. Only with room for it. `seed` is
  /// for the index, whose keys clients choose. [v311 MQTT-3.8.4-3] [v31 M31-sub-8]
  /// [v5 MQTT-3.8.4-3]
  outcome set(std::string_view filter, const store::subscription_terms& terms,
              const base::hash_seed& seed);
  /// Compares byte by byte. [v311 MQTT-3.10.4-1]
  bool erase(std::string_view filter);
  [[nodiscard]] bool contains(std::string_view filter) const { return find(filter).has_value(); }
  [[nodiscard]] std::optional<store::subscription_terms> find(std::string_view filter) const;
  [[nodiscard]] std::size_t size() const noexcept;
  [[nodiscard]] bool empty() const noexcept { return words_.empty(); }
  /// Would another filter still have room? All together may have 16 GiB.
  [[nodiscard]] bool has_room_for(std::string_view filter) const noexcept;
  /// Heap bytes.
  [[nodiscard]] std::size_t memory_size() const noexcept;

  /// `f(std::string_view filter, const store::subscription_terms&)` for each, in no particular
  /// order. It changes nothing here.
  template <class F>
  void for_each(F&& f) const {
    for (place at = 0; at < words_.size(); at = behind(at)) {
      if (!is_gone(at)) f(filter_at(at), terms_at(at));
    }
  }
  /// Removes any one of them and returns its filter; nothing: there is none.
  [[nodiscard]] std::optional<std::string> take();

 private:
  /// A record begins here: its terms in one word, the size of its text in two bytes, the text, up
  /// to three bytes that fill the last word.
  using place = std::uint32_t;
  static constexpr place nowhere = base::slot_table::none;
  static constexpr std::size_t few_max = 16;

  struct index {
    base::hash_seed seed;
    base::slot_table places;
    place first = 0;             ///< what lies before is gone
    std::size_t gone_words = 0;  ///< of records that were erased

    [[nodiscard]] std::uint32_t hash(std::string_view filter) const noexcept {
      return static_cast<std::uint32_t>(base::seeded_hash(filter, seed));
    }
  };

  [[nodiscard]] static std::size_t words_of(std::string_view filter) noexcept;
  [[nodiscard]] std::string_view filter_at(place at) const noexcept;
  [[nodiscard]] store::subscription_terms terms_at(place at) const noexcept;
  [[nodiscard]] bool is_gone(place at) const noexcept;
  /// Where the next record begins.
  [[nodiscard]] place behind(place at) const noexcept;
  [[nodiscard]] place locate(std::string_view filter) const;
  void append(std::string_view filter, const store::subscription_terms& terms);
  void erase_at(place at);
  void close_gaps();

  std::vector<std::uint32_t> words_;
  std::unique_ptr<index> index_;  ///< once there have been many, until there is none
};

}  // namespace godwit::session
