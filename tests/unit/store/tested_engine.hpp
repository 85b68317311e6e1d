#pragma once

#include "recovered.hpp"

#include <memory>

namespace godwit::store {

/// An engine as the contract's tests see it.
class tested_engine {
 public:
  virtual ~tested_engine() = default;
  /// Applies a batch and returns when it is durable.
  virtual void commit(batch records) = 0;
  /// What a broker finds that starts now.
  virtual recovered restart() = 0;

  template <class... Records>
  void submit(Records&&... r) {
    batch b;
    (b.emplace_back(std::forward<Records>(r)), ...);
    commit(std::move(b));
  }
};

/// Each test program brings its own.
[[nodiscard]] std::unique_ptr<tested_engine> make_tested_engine();

}  // namespace godwit::store
