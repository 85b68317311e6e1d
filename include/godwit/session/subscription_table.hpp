#pragma once

#include <godwit/mqtt/types.hpp>

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace godwit::session {

/// What a session is subscribed to: filters as the client wrote them ("$share/..." included) with
/// the granted QoS. A few lie in a plain list, many in a hash table. One thread.
class subscription_table {
 public:
  enum class outcome : std::uint8_t { added, replaced };
  /// Re-subscribing keeps one subscription with the last QoS. [v311 MQTT-3.8.4-3] [v31 M31-sub-8]
  outcome set(std::string_view filter, mqtt::qos quality);
  /// Compares byte by byte. [v311 MQTT-3.10.4-1]
  bool erase(std::string_view filter);
  [[nodiscard]] bool contains(std::string_view filter) const;
  [[nodiscard]] std::size_t size() const noexcept;
  [[nodiscard]] bool empty() const noexcept { return size() == 0; }

  /// `f(std::string_view filter, mqtt::qos)` for each, in no particular order.
  template <class F>
  void for_each(F&& f) const {
    for (const entry& e : few_) f(std::string_view{e.filter}, e.quality);
    if (many_) {
      for (const auto& [filter, quality] : *many_) f(std::string_view{filter}, quality);
    }
  }
  void clear() noexcept {
    few_ = std::vector<entry>{};  // `= {}` would keep the memory
    many_.reset();
  }

 private:
  struct entry {
    std::string filter;
    mqtt::qos quality;
  };
  static constexpr std::size_t few_max = 16;

  std::vector<entry> few_;
  std::unique_ptr<std::unordered_map<std::string, mqtt::qos>> many_;
};

}  // namespace godwit::session
