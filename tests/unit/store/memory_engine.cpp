#include "tested_engine.hpp"

#include <godwit/store/memory_store.hpp>

namespace godwit::store {
namespace {

class memory_engine final : public tested_engine {
 public:
  void commit(batch records) override { std::ignore = store_.submit(std::move(records)); }
  recovered restart() override { return recovered{store_}; }

 private:
  memory_store store_{memory_store::mode::immediate};
};

}  // namespace

std::unique_ptr<tested_engine> make_tested_engine() {
  return std::make_unique<memory_engine>();
}

}  // namespace godwit::store
