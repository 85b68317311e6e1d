#include "include_files.hpp"
#include "reader.hpp"

#include <godwit/config/load.hpp>

namespace godwit::config {

std::string_view loaded::name_of(const position& p) const {
  return sources.at(p.source);
}

std::size_t loaded::add_source(std::string_view name) {
  sources.emplace_back(name);
  return sources.size() - 1;
}

loaded load_text(std::string_view yaml, std::string_view name,
                 const std::vector<variable>& environment) {
  reader all{name};
  all.read(yaml);
  all.override_with(environment);
  return all.finish();
}

loaded load_file(const std::string& path, const std::vector<variable>& environment) {
  reader all{path};
  text_or_complaint file =
      read_text(path, file_bytes_max,
                "is longer than " + show_size(file_bytes_max) + ", the most that is read");
  if (!file.wrong.empty()) {
    all.fail(std::move(file.wrong));
    return all.finish();
  }
  all.read(file.text);
  if (!all.include().empty()) {
    read_included_files(all, path, file_bytes_max - file.text.size());
  }
  all.override_with(environment);
  return all.finish();
}

std::string describe(const mistake& m, std::string_view path) {
  std::string out(path);
  if (m.where.line > 0) {
    out += ":" + std::to_string(m.where.line) + ":" + std::to_string(m.where.column);
  }
  return out + (out.empty() ? "" : ": ") + m.what;
}

std::string describe(const mistake& m, const loaded& of) {
  return describe(m, of.name_of(m.where));
}

}  // namespace godwit::config
