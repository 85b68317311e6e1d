#pragma once

#include "command_line.hpp"

#include <godwit/base/clock.hpp>
#include <godwit/config/configuration.hpp>
#include <godwit/observe/log.hpp>
#include <godwit/store/store.hpp>
#include <godwit/store_rocksdb/rocksdb_store.hpp>

#include <memory>
#include <string>

namespace godwit::daemon {

/// The directory of the store: of the command line, of the configuration, or the default of the
/// environment. Throws std::runtime_error when none of them names one.
[[nodiscard]] std::string store_directory(const command_line& line,
                                          const config::store_settings& settings);

/// What the store needs to know, from the command line and the configuration.
[[nodiscard]] store_rocksdb::options store_options(const command_line& line,
                                                   const config::configuration& c);

/// Opens the store on disk; makes its directory (mode 0700) if it is not there. When that cannot
/// be, logs why and what would help, one line each, and returns nothing.
[[nodiscard]] std::unique_ptr<store_rocksdb::rocksdb_store> open_store(
    const store_rocksdb::options& how, const base::clock& clock, observe::logger& log);

/// Makes a directory with all its parents, for its owner only. Throws
/// std::filesystem::filesystem_error.
void make_private_directory(const std::string& path);

}  // namespace godwit::daemon
