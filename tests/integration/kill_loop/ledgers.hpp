#pragma once

#include "books.hpp"
#include "retained_book.hpp"
#include "will_book.hpp"

namespace godwit::kill_loop {

/// Everything that is known of one run.
struct ledgers {
  explicit ledgers(findings& f, std::vector<std::string> topics)
      : found{f}, messages{f, std::move(topics)}, wills{f, messages} {}

  findings& found;
  books messages;
  retained_book retained;
  will_book wills;
  bool is_broker_up = false;  ///< started and not killed: it has no reason to close a connection
};

}  // namespace godwit::kill_loop
