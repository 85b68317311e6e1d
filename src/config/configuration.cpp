#include <godwit/config/configuration.hpp>

namespace godwit::config {

std::vector<listener> configuration::default_listeners() {
  listener six;
  six.options.name = "default6";
  six.options.bind = "::1";
  six.options.optional = true;
  return {listener{}, six};
}

}  // namespace godwit::config
