#pragma once

#include <cstdint>
#include <initializer_list>
#include <string>
#include <string_view>
#include <utility>

namespace godwit::observe {
class histogram_totals;
}

namespace godwit::admin {

/// Builds text in Prometheus's exposition format 0.0.4: families with HELP and TYPE, each once, and
/// their samples. Names and label names are ours and well formed; label values are escaped.
class exposition {
 public:
  enum class type : std::uint8_t { counter, gauge };
  using label = std::pair<std::string_view, std::string_view>;

  /// Starts a family; its samples follow. The name of a counter ends in "_total" [Prometheus
  /// naming].
  void family(std::string_view name, type t, std::string_view help);
  void sample(std::uint64_t value, std::initializer_list<label> labels = {});
  void sample(std::int64_t value, std::initializer_list<label> labels = {});
  void sample(double value, std::initializer_list<label> labels = {});

  /// A family with one sample and no labels.
  template <class Number>
  void single(std::string_view name, type t, std::string_view help, Number value) {
    family(name, t, help);
    sample(value);
  }

  /// Durations that were recorded in microseconds, shown in seconds in steps of 1, 2 and 5 from
  /// 100 µs to 10 s.
  void durations(std::string_view name, std::string_view help,
                 const observe::histogram_totals& recorded);

  [[nodiscard]] std::string take() && { return std::move(text_); }

 private:
  void head(std::string_view name, std::string_view type_name, std::string_view help);
  void line(std::string_view suffix, std::string_view value, std::initializer_list<label> labels);

  std::string text_;
  std::string name_;
};

}  // namespace godwit::admin
