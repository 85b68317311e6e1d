#include <godwit/base/striped_count.hpp>
#include <godwit/net/tls_memory.hpp>

#include <openssl/crypto.h>

#include <malloc.h>

#include <cstddef>
#include <cstdlib>

namespace godwit::net {
namespace {

base::striped_count all_bytes;

std::uint64_t size_of(void* memory) noexcept {
  constexpr std::uint64_t allocator = 8;
  return memory == nullptr ? 0 : ::malloc_usable_size(memory) + allocator;
}

void* take(std::size_t size, const char* /*file*/, int /*line*/) {
  void* const memory = std::malloc(size);
  all_bytes.add(size_of(memory));
  return memory;
}

void* resize(void* memory, std::size_t size, const char* /*file*/, int /*line*/) {
  const std::uint64_t before = size_of(memory);
  void* const moved = std::realloc(memory, size);
  if (moved != nullptr || size == 0) all_bytes.add(size_of(moved) - before);
  return moved;
}

void give_back(void* memory, const char* /*file*/, int /*line*/) {
  all_bytes.subtract(size_of(memory));
  std::free(memory);
}

}  // namespace

bool count_tls_memory() noexcept {
  return ::CRYPTO_set_mem_functions(take, resize, give_back) == 1;
}

std::uint64_t tls_bytes() noexcept {
  return all_bytes.sum();
}

}  // namespace godwit::net
