#include "transport_bench.hpp"

#include <gtest/gtest.h>

#include <malloc.h>

#include <iostream>

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
// Debian's g++ does not install the header that declares it.
extern "C" std::size_t __sanitizer_get_current_allocated_bytes();
#endif

namespace godwit::net {
namespace {

std::size_t heap_bytes() {
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
  return __sanitizer_get_current_allocated_bytes();
#else
  return ::mallinfo2().uordblks;
#endif
}

TEST(SocketTransport, KeepsIdleConnectionsSmall) {
  constexpr std::size_t connections = 2'000;
  constexpr std::size_t ours_max = 150;
  constexpr std::size_t total_max =
      1'000;  // Asio's descriptor state and waiting operation included
  test::transport_bench bench;
  std::vector<test::client_socket> clients;
  clients.reserve(connections);
  for (int i = 0; i < 100; ++i) clients.push_back(bench.connect(1));
  for (int i = 0; i < 3; ++i) bench.round();
  const std::size_t before = heap_bytes();
  const std::size_t open_before = bench.transport.size();
  while (clients.size() < connections) clients.push_back(bench.connect(1));
  for (int i = 0; i < 3; ++i) bench.round();
  const std::size_t each = (heap_bytes() - before) / (bench.transport.size() - open_before);
  EXPECT_EQ(bench.transport.size(), connections);
  EXPECT_LT(socket_transport::bytes_per_connection(), ours_max);
  EXPECT_LT(each, total_max);
  std::cout << "idle connection: " << each << " bytes of heap, of which "
            << socket_transport::bytes_per_connection() << " are the transport's own\n";
  RecordProperty("bytes_per_idle_connection", static_cast<int>(each));
}

}  // namespace
}  // namespace godwit::net
