#pragma once

#include "config/schema.hpp"

#include <array>
#include <string>

namespace godwit::config {

/// A value that the key takes and that is not its default; empty: none of these is.
template <class Target>
std::string other_value(const key<Target>& k) {
  constexpr std::array candidates{"3s",       "2h",          "7",
                                  "700",      "9MiB",        "99MiB",
                                  "1.25",     "false",       "disconnect",
                                  "suppress", "drop-newest", "warn",
                                  "json",     "none",        "received",
                                  "/tmp/x",   "subject",     "1",
                                  "true",     "tolerate",    "least-in-flight",
                                  "a/#=1h",   "::1",         "10.0.0.0/8",
                                  "5",        "1.3",         "https://a.example"};
  for (const char* candidate : candidates) {
    Target t;
    if (!k.set(t, candidate) && k.show(t) != k.usual) return candidate;
  }
  return {};
}

}  // namespace godwit::config
