#pragma once

#include <gtest/gtest.h>

#include <string>

namespace godwit::test {

/// Says which normative statement a test shows, e.g. `clause("v311 MQTT-3.1.2-24");`. The calls are
/// read from the sources by the conformance list, and show up in the test's XML report.
inline void clause(const char* id) {
  static int number = 0;
  ::testing::Test::RecordProperty("clause" + std::to_string(++number), id);
}

}  // namespace godwit::test

using godwit::test::clause;
