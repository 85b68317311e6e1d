#include "opened_store.hpp"
#include "temporary_directory.hpp"
#include "tested_engine.hpp"

#include <gtest/gtest.h>

#include <optional>

namespace godwit::store {
namespace {

class rocksdb_engine final : public tested_engine {
 public:
  rocksdb_engine() { open(); }
  void commit(batch records) override { EXPECT_TRUE(store_->commit(std::move(records))); }
  recovered restart() override {
    open();
    return recovered{**store_};
  }

 private:
  void open() {
    store_.reset();
    store_.emplace(test::small_options(directory_ / "store"));
  }

  test::temporary_directory directory_;
  std::optional<test::opened_store> store_;
};

}  // namespace

std::unique_ptr<tested_engine> make_tested_engine() {
  return std::make_unique<rocksdb_engine>();
}

}  // namespace godwit::store
