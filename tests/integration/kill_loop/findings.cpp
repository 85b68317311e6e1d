#include "findings.hpp"

#include <cstdio>
#include <numeric>

namespace godwit::kill_loop {
namespace {

constexpr std::uint64_t told_per_kind = 8;

}  // namespace

std::string_view name(finding f) {
  switch (f) {
    case finding::message_lost:
      return "message_lost";
    case finding::session_lost:
      return "session_lost";
    case finding::retained_lost:
      return "retained_lost";
    case finding::will_lost:
      return "will_lost";
    case finding::duplicated:
      return "duplicated";
    case finding::out_of_order:
      return "out_of_order";
    case finding::misrouted:
      return "misrouted";
    case finding::corrupted:
      return "corrupted";
    case finding::session_revived:
      return "session_revived";
    case finding::subscription_revived:
      return "subscription_revived";
    case finding::will_twice:
      return "will_twice";
    case finding::will_withdrawn:
      return "will_withdrawn";
    case finding::refused:
      return "refused";
    case finding::bad_protocol:
      return "bad_protocol";
    case finding::unbalanced:
      return "unbalanced";
    case finding::not_drained:
      return "not_drained";
    case finding::bad_exit:
      return "bad_exit";
    case finding::count_:
      break;
  }
  return "?";
}

void findings::add(finding f, const std::string& text) {
  const std::uint64_t before = counts_[static_cast<std::size_t>(f)]++;
  if (aloud_ == told::no || before > told_per_kind) return;
  const std::string line =
      std::string{name(f)} + ": " + (before == told_per_kind ? "more of them" : text) + "\n";
  std::fputs(line.c_str(), stderr);
}

std::uint64_t findings::losses() const {
  return count(finding::message_lost) + count(finding::session_lost) +
         count(finding::retained_lost) + count(finding::will_lost);
}

std::uint64_t findings::total() const {
  return std::accumulate(counts_.begin(), counts_.end(), std::uint64_t{0});
}

std::string findings::summary() const {
  std::string text;
  for (std::size_t i = 0; i < counts_.size(); ++i) {
    if (counts_[i] == 0) continue;
    if (!text.empty()) text += ", ";
    text += std::string{name(static_cast<finding>(i))} + " " + std::to_string(counts_[i]);
  }
  return text.empty() ? "none" : text;
}

}  // namespace godwit::kill_loop
