#pragma once

#include <cstdio>
#include <cstdlib>

/// What must hold for every input; stays on in every build and stops the fuzzer.
#define FUZZ_REQUIRE(expression)                                                             \
  do {                                                                                       \
    if (!(expression)) {                                                                     \
      std::fprintf(stderr, "does not hold: %s at %s:%d\n", #expression, __FILE__, __LINE__); \
      std::abort();                                                                          \
    }                                                                                        \
  } while (false)
