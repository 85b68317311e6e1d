#pragma once

#include <godwit/observe/log.hpp>

#include <memory>
#include <string>

namespace godwit::observe {

/// An event as one message of systemd's native journal protocol: lines of NAME=value. PRIORITY,
/// then MESSAGE (the line of the log without its prefix), SYSLOG_IDENTIFIER, GODWIT_EVENT, and each
/// field as GODWIT_ and its name in capitals. Values are escaped and cut as in the line, so none
/// has an end of line in it.
[[nodiscard]] std::string format_journal_entry(const log_event& event, log_format format);

/// Like `make_log_sink`, but each event goes to the journal's socket at this path as one datagram.
/// While nobody takes it there, its line goes to standard error. `options.file` counts for nothing.
[[nodiscard]] std::unique_ptr<log_sink> make_journal_sink(const log_options& options,
                                                          const std::string& socket);

}  // namespace godwit::observe
