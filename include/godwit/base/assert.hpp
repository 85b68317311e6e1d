#pragma once

/// Assertions that stay on in release builds. They state what our own code guarantees; no input of
/// a peer, a file or the operating system may ever reach one.

namespace godwit::base {

/// Prints the failed expression with its place to standard error and aborts. Never returns.
[[noreturn]] void assertion_failed(const char* expression, const char* file, int line) noexcept;

}  // namespace godwit::base

#define GODWIT_ASSERT(expression) \
  (static_cast<bool>(expression)  \
       ? static_cast<void>(0)     \
       : ::godwit::base::assertion_failed(#expression, __FILE__, __LINE__))
