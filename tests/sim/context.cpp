#include "context.hpp"

#include <iostream>

namespace godwit::sim {

void trace::line(stamp number, base::steady_time now, std::string_view text) {
  const auto ms = std::chrono::duration_cast<std::chrono::milliseconds>(now.time_since_epoch() -
                                                                        std::chrono::hours{1'000});
  std::string whole = std::to_string(number) + ' ' + std::to_string(ms.count()) + "ms ";
  whole += text;
  for (const char c : whole) {
    hash_ = (hash_ ^ static_cast<unsigned char>(c)) * 0x100'0000'01b3U;
  }
  if (echo_) std::cout << whole << '\n';
  kept_.push_back(std::move(whole));
  if (kept_.size() > kept_lines) kept_.pop_front();
}

std::string trace::tail() const {
  std::string all;
  for (const std::string& l : kept_) all += l + '\n';
  return all;
}

}  // namespace godwit::sim
