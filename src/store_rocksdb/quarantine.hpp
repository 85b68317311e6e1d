#pragma once

#include "inspect.hpp"

namespace godwit::store_rocksdb {

/// Moves a damaged store aside, whole, and writes what can be read of it into a new one in its
/// place. Returns where the old one is. The caller holds the lock. Throws `open_failed`: io.
[[nodiscard]] std::string quarantine(const std::string& directory, const options& how,
                                     const internal_options& seams, inspection damaged);

}  // namespace godwit::store_rocksdb
