#include "include_files.hpp"

#include <godwit/base/escape.hpp>

#include <algorithm>
#include <cerrno>
#include <filesystem>
#include <fstream>
#include <system_error>

namespace godwit::config {

namespace {

namespace fs = std::filesystem;

constexpr std::size_t files_max = 1'000;

bool is_configuration(const fs::path& file) {
  const std::string name = file.filename().string();
  return !name.starts_with('.') && (name.ends_with(".yaml") || name.ends_with(".yml"));
}

/// In the order of their names; `wrong` says what is wrong with the directory.
std::vector<std::string> list_files(const fs::path& directory, std::string& wrong) {
  std::vector<std::string> out;
  std::error_code error;
  for (fs::directory_iterator at{directory, error}, end; !error && at != end; at.increment(error)) {
    if (is_configuration(at->path())) out.push_back(at->path().string());
  }
  const std::string shown = base::escape_for_log(directory.string(), 200);
  if (error) {
    wrong = shown + " cannot be read: " + error.message();
  } else if (out.size() > files_max) {
    wrong = shown + " has more than " + std::to_string(files_max) + " files";
  }
  std::ranges::sort(out);
  return out;
}

}  // namespace

text_or_complaint read_text(const std::string& path, std::size_t bytes_max,
                            std::string_view limit) {
  std::ifstream file(path, std::ios::binary);
  if (!file) {
    return {{}, "cannot be opened: " + std::error_code(errno, std::generic_category()).message()};
  }
  std::string text(bytes_max + 1, '\0');
  file.read(text.data(), static_cast<std::streamsize>(text.size()));
  if (file.bad()) return {{}, "cannot be read"};
  text.resize(static_cast<std::size_t>(file.gcount()));
  if (text.size() > bytes_max) return {{}, std::string{limit}};
  return {std::move(text), {}};
}

void read_included_files(reader& to, const std::string& first_file, std::size_t bytes_left) {
  std::string wrong;
  const fs::path directory = fs::path{first_file}.parent_path() / to.include();
  const auto files = list_files(directory, wrong);
  if (!wrong.empty()) {
    to.fail_include(std::move(wrong));
    return;
  }
  for (const std::string& path : files) {
    std::error_code error;
    if (!fs::is_regular_file(path, error)) {  // a pipe would keep us waiting
      to.fail_included(path, error ? "cannot be opened: " + error.message() : "is not a file");
      continue;
    }
    text_or_complaint file =
        read_text(path, bytes_left,
                  "with the files before it the configuration is longer than " +
                      show_size(file_bytes_max) + ", the most that is read");
    if (!file.wrong.empty()) {
      to.fail_included(path, std::move(file.wrong));
      continue;
    }
    bytes_left -= file.text.size();
    to.read_included(path, file.text);
  }
}

}  // namespace godwit::config
