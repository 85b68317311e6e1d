#pragma once

#include "context.hpp"
#include "plan.hpp"

#include <godwit/store/memory_store.hpp>

namespace godwit::sim {

/// What the store does to the broker besides being slow: bodies come late, it has no room, its disk
/// is low or full, and a restart leaves bodies where they are.
class store_weather {
 public:
  store_weather(context& c, store::memory_store& s, const store_plan& p);
  /// Changes something, or nothing.
  void step();
  /// The broker starts again, with whatever bodies the store gives it. Faults end.
  void start_again();
  /// Faults end.
  void clear();
  /// For good: only `clear`, after a crash, ends it.
  void fail();
  /// True if there were fetches to answer.
  bool answer_all();

 private:
  void set(store::condition state, bool has_room);

  context& context_;
  store::memory_store& store_;
  store_plan plan_;
};

}  // namespace godwit::sim
