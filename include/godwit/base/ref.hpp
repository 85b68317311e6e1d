#pragma once

#include <godwit/base/assert.hpp>

#include <atomic>
#include <cstdint>
#include <utility>

namespace godwit::base {

/// Base of immutable objects that several shards hold at once. T provides
/// `static void destroy(const T*) noexcept`, called by whoever lets go last, on any thread.
template <class T>
class ref_counted {
 public:
  ref_counted(const ref_counted&) = delete;
  ref_counted& operator=(const ref_counted&) = delete;

  void acquire() const noexcept { count_.fetch_add(1, std::memory_order_relaxed); }
  void release() const noexcept {
    if (count_.fetch_sub(1, std::memory_order_acq_rel) == 1) {
      T::destroy(static_cast<const T*>(this));
    }
  }
  /// A snapshot, for tests and the memory ledger.
  [[nodiscard]] std::uint32_t use_count() const noexcept {
    return count_.load(std::memory_order_relaxed);
  }

 protected:
  ref_counted() noexcept = default;
  ~ref_counted() = default;

 private:
  mutable std::atomic<std::uint32_t> count_{1};
};

/// Intrusive reference to a `ref_counted` object. Null only when default-constructed or moved from.
template <class T>
class ref {
 public:
  ref() noexcept = default;
  ref(const ref& other) noexcept : object_{other.object_} {
    if (object_ != nullptr) object_->acquire();
  }
  ref(ref&& other) noexcept : object_{std::exchange(other.object_, nullptr)} {}
  ref& operator=(ref other) noexcept {
    std::swap(object_, other.object_);
    return *this;
  }
  ~ref() {
    if (object_ != nullptr) object_->release();
  }

  /// Takes over the count that a new object is born with.
  [[nodiscard]] static ref adopt(T* object) noexcept {
    ref r;
    r.object_ = object;
    return r;
  }

  [[nodiscard]] T* get() const noexcept { return object_; }
  [[nodiscard]] T* operator->() const noexcept {
    GODWIT_ASSERT(object_ != nullptr);
    return object_;
  }
  [[nodiscard]] T& operator*() const noexcept {
    GODWIT_ASSERT(object_ != nullptr);
    return *object_;
  }
  [[nodiscard]] explicit operator bool() const noexcept { return object_ != nullptr; }
  friend bool operator==(const ref&, const ref&) noexcept = default;

 private:
  T* object_ = nullptr;
};

}  // namespace godwit::base
