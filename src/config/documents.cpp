#include "documents.hpp"

#include <yaml-cpp/eventhandler.h>
#include <yaml-cpp/yaml.h>

#include <sstream>

namespace godwit::config {

namespace {

/// Remembers where the last document started.
class start_finder final : public YAML::EventHandler {
 public:
  void OnDocumentStart(const YAML::Mark& mark) override { start_ = mark; }
  void OnDocumentEnd() override {}
  void OnNull(const YAML::Mark&, YAML::anchor_t) override {}
  void OnAlias(const YAML::Mark&, YAML::anchor_t) override {}
  void OnScalar(const YAML::Mark&, const std::string&, YAML::anchor_t,
                const std::string&) override {}
  void OnSequenceStart(const YAML::Mark&, const std::string&, YAML::anchor_t,
                       YAML::EmitterStyle::value) override {}
  void OnSequenceEnd() override {}
  void OnMapStart(const YAML::Mark&, const std::string&, YAML::anchor_t,
                  YAML::EmitterStyle::value) override {}
  void OnMapEnd() override {}

  [[nodiscard]] position start() const {
    return {static_cast<std::size_t>(start_.line) + 1, static_cast<std::size_t>(start_.column) + 1};
  }

 private:
  YAML::Mark start_;
};

}  // namespace

std::optional<position> find_second_document(const std::string& yaml) {
  std::istringstream text(yaml);
  YAML::Parser parser(text);
  start_finder finder;
  if (!parser.HandleNextDocument(finder) || !parser.HandleNextDocument(finder)) {
    return std::nullopt;
  }
  return finder.start();
}

}  // namespace godwit::config
