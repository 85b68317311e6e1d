#pragma once

#include <boost/json.hpp>

#include <string>
#include <string_view>
#include <vector>

namespace godwit::daemon {

/// Rows under a line of column names; columns that no row has are left out. What could move the
/// terminal's cursor is escaped.
[[nodiscard]] std::string show_table(const std::vector<boost::json::object>& rows,
                                     std::string_view columns);

/// "name  value" lines; what is nested is indented, lists of objects are tables.
[[nodiscard]] std::string show_lines(const boost::json::object& o, std::size_t indent = 0);

}  // namespace godwit::daemon
