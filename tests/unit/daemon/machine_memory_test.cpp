#include "daemon/machine_memory.hpp"

#include <gtest/gtest.h>

#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <string>

namespace godwit::daemon {
namespace {

namespace fs = std::filesystem;

class MachineMemory : public ::testing::Test {
 protected:
  MachineMemory() {
    std::string pattern = (fs::temp_directory_path() / "godwit-machine-XXXXXX").string();
    root = ::mkdtemp(pattern.data());
    write("proc/meminfo", "MemTotal:       1000 kB\nMemFree:        10 kB\n");
  }
  ~MachineMemory() override { fs::remove_all(root); }
  void write(const fs::path& file, const std::string& text) const {
    fs::create_directories((root / file).parent_path());
    std::ofstream{root / file} << text;
  }

  fs::path root;
};

TEST_F(MachineMemory, IsTheMachines) {
  EXPECT_EQ(memory_there_is(root), 1'024'000U);
  EXPECT_EQ(memory_there_is(root / "nowhere"), 0U);
  EXPECT_GT(memory_there_is(), 100'000'000U);
}

TEST_F(MachineMemory, IsWhatTheNarrowestGroupAllows) {
  write("proc/self/cgroup", "0::/system.slice/godwit.service\n");
  write("sys/fs/cgroup/system.slice/godwit.service/memory.max", "max\n");
  EXPECT_EQ(memory_there_is(root), 1'024'000U);
  write("sys/fs/cgroup/system.slice/memory.max", "700000\n");
  EXPECT_EQ(memory_there_is(root), 700'000U);
  write("sys/fs/cgroup/system.slice/godwit.service/memory.high", "600000\n");
  EXPECT_EQ(memory_there_is(root), 600'000U);
  write("sys/fs/cgroup/memory.max", "5000000\n");
  EXPECT_EQ(memory_there_is(root), 600'000U);
}

TEST_F(MachineMemory, IsThatOfTheFirstVersionOfGroupsToo) {
  write("proc/self/cgroup", "5:cpu,cpuacct:/other\n4:hugetlb,memory:/box\n0::/\n");
  write("sys/fs/cgroup/memory/box/memory.limit_in_bytes", "500000\n");
  write("sys/fs/cgroup/memory/memory.limit_in_bytes", "9223372036854771712\n");
  EXPECT_EQ(memory_there_is(root), 500'000U);
}

}  // namespace
}  // namespace godwit::daemon
