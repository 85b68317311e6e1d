#include "tls_pump.hpp"

#include <algorithm>
#include <cstring>
#include <new>

namespace godwit::net {

tls_pump::tls_pump()
    : method_{BIO_meth_new(BIO_get_new_index() | BIO_TYPE_SOURCE_SINK, "shard memory")} {
  if (method_ == nullptr) throw std::bad_alloc{};
  BIO_meth_set_read(method_.get(), on_read);
  BIO_meth_set_write(method_.get(), on_write);
  BIO_meth_set_ctrl(method_.get(), on_control);
  bio_.reset(BIO_new(method_.get()));
  if (bio_ == nullptr) throw std::bad_alloc{};
  BIO_set_data(bio_.get(), this);
  BIO_set_init(bio_.get(), 1);
}

int tls_pump::on_read(BIO* from, char* to, int size) {
  auto& self = *static_cast<tls_pump*>(BIO_get_data(from));
  BIO_clear_retry_flags(from);
  if (self.input_.empty()) {
    BIO_set_retry_read(from);
    return -1;
  }
  const std::size_t count = std::min(self.input_.size(), static_cast<std::size_t>(size));
  std::memcpy(to, self.input_.data(), count);
  self.input_ = self.input_.subspan(count);
  return static_cast<int>(count);
}

int tls_pump::on_write(BIO* to, const char* from, int size) {
  auto& self = *static_cast<tls_pump*>(BIO_get_data(to));
  const auto* const bytes = reinterpret_cast<const std::byte*>(from);
  self.wire_.insert(self.wire_.end(), bytes, bytes + size);
  return size;
}

long tls_pump::on_control(BIO*, int what, long, void*) {
  return what == BIO_CTRL_FLUSH ? 1 : 0;
}

}  // namespace godwit::net
