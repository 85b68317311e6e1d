#pragma once

#include <godwit/store/records.hpp>

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace godwit::session {

/// What a session is subscribed to: filters as the client wrote them ("$share/..." included) with
/// what was granted. A few lie in a plain list, many in a hash table. One thread.
class subscription_table {
 public:
  enum class outcome : std::uint8_t { added, replaced };
  /// Re-subscribing keeps one subscription with the last terms. [v311 MQTT-3.8.4-3]
  /// [v31 M31-sub-8] [v5 MQTT-3.8.4-3]
  outcome set(std::string_view filter, const store::subscription_terms& terms);
  /// Compares byte by byte. [v311 MQTT-3.10.4-1]
  bool erase(std::string_view filter);
  [[nodiscard]] bool contains(std::string_view filter) const { return find(filter).has_value(); }
  [[nodiscard]] std::optional<store::subscription_terms> find(std::string_view filter) const;
  [[nodiscard]] std::size_t size() const noexcept;
  [[nodiscard]] bool empty() const noexcept { return size() == 0; }
  /// Heap bytes, about.
  [[nodiscard]] std::size_t memory_size() const noexcept;

  /// `f(std::string_view filter, const store::subscription_terms&)` for each, in no particular
  /// order.
  template <class F>
  void for_each(F&& f) const {
    for (const entry& e : few_) f(std::string_view{e.filter}, e.terms);
    if (many_) {
      for (const auto& [filter, terms] : *many_) f(std::string_view{filter}, terms);
    }
  }
  /// Removes any one of them and returns its filter; nothing: there is none.
  [[nodiscard]] std::optional<std::string> take();

 private:
  struct entry {
    std::string filter;
    store::subscription_terms terms;
  };
  static constexpr std::size_t few_max = 16;

  std::vector<entry> few_;
  std::unique_ptr<std::unordered_map<std::string, store::subscription_terms>> many_;
};

}  // namespace godwit::session
