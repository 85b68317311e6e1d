#include <godwit/base/assert.hpp>
#include <godwit/mqtt/error.hpp>

namespace godwit::mqtt {

void throw_exception_from_error(const protocol_error& error, const boost::source_location& where) {
  base::assertion_failed(error.what, where.file_name(), static_cast<int>(where.line()));
}

}  // namespace godwit::mqtt
