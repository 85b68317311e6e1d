#include "environment.hpp"

namespace godwit::config {

namespace {

constexpr std::string_view of_authentication = "GODWIT_AUTHENTICATION_";
constexpr std::string_view of_listeners = "GODWIT_LISTENERS_";

/// Capital letters, and '_' for everything that a shell does not take in a name.
std::string shout(std::string_view text) {
  std::string out;
  for (const char c : text) {
    if (c >= 'a' && c <= 'z') {
      out += static_cast<char>(c - 'a' + 'A');
    } else {
      const bool is_plain = (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
      out += is_plain ? c : '_';
    }
  }
  return out;
}

}  // namespace

std::string variable_of(std::string_view path) {
  return "GODWIT_" + shout(path);
}

std::string variable_of(std::string_view listener, std::string_view path) {
  return std::string{of_listeners} + shout(listener) + "_" + shout(path);
}

bool is_meant_for_a_key(std::string_view variable) {
  return variable.starts_with(of_authentication) || variable.starts_with(of_listeners);
}

}  // namespace godwit::config
