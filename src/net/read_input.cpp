#include <godwit/net/read_input.hpp>

#include <cstdlib>
#include <string_view>

namespace godwit::net {
namespace {

constexpr std::string_view of_credentials = "credential:";
constexpr std::string_view of_environment = "env:";

base::result<file_text, file_failure> read_credential(const std::string& name,
                                                      std::size_t bytes_max) {
  const char* const directory = std::getenv("CREDENTIALS_DIRECTORY");
  if (directory == nullptr || *directory != '/') {
    return file_failure{
        "there is no CREDENTIALS_DIRECTORY; a service has one with LoadCredential=, elsewhere set "
        "it to the directory of the secrets"};
  }
  return read_file(std::string{directory} + "/" + name, bytes_max);
}

base::result<file_text, file_failure> read_variable(const std::string& name,
                                                    std::size_t bytes_max) {
  const char* const value = std::getenv(name.c_str());
  if (value == nullptr) return file_failure{"there is no such variable in the environment"};
  file_text out;
  out.text = value;
  if (out.text.size() > bytes_max) {
    return file_failure{"is longer than " + std::to_string(bytes_max) +
                        " bytes, the most that is read"};
  }
  return out;
}

}  // namespace

base::result<file_text, file_failure> read_input(const std::string& where, std::size_t bytes_max) {
  if (where.starts_with(of_credentials)) {
    return read_credential(where.substr(of_credentials.size()), bytes_max);
  }
  if (where.starts_with(of_environment)) {
    return read_variable(where.substr(of_environment.size()), bytes_max);
  }
  return read_file(where, bytes_max);
}

}  // namespace godwit::net
