#include "crypto.hpp"

#include <godwit/auth/password_file.hpp>
#include <godwit/base/assert.hpp>
#include <godwit/base/escape.hpp>
#include <godwit/mqtt/utf8.hpp>

#include <algorithm>
#include <utility>

namespace godwit::auth {
namespace {

constexpr std::size_t mistakes_max = 20;
constexpr std::size_t user_bytes_max = 1'024;
constexpr std::size_t sample_max = 64;

/// In a file without users there is still something to compute: made from bytes that nobody has.
constexpr std::string_view nobody =
    "$argon2id$v=19$m=19456,t=2,p=1$nE1SMLuVNQwVpGzZlQQjPg$"
    "kVqZ2Jp0m3O8x0nJc0wQn6k4q0Vb6mXkqv2bVYF5W7s";

/// The same for SCRAM. Its keys belong to no password.
constexpr std::string_view nobody_scram =
    "$scram-sha-256$20000$nE1SMLuVNQwVpGzZlQQjPg==$"
    "kVqZ2Jp0m3O8x0nJc0wQn6k4q0Vb6mXkqv2bVYF5W7s=$"
    "x0nJc0wQn6k4q0Vb6mXkqv2bVYF5W7skVqZ2Jp0m3O8=";

std::string_view take_line(std::string_view& text) {
  const auto end = text.find('\n');
  std::string_view line = text.substr(0, end);
  text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
  if (line.ends_with('\r')) line.remove_suffix(1);
  return line;
}

bool is_of(std::string_view line, std::string_view user) {
  return line.starts_with(user) && line.substr(user.size()).starts_with(':');
}

}  // namespace

bool is_user_name(std::string_view name) noexcept {
  return !name.empty() && name.size() <= user_bytes_max && !name.starts_with('#') &&
         mqtt::is_valid_utf8(name) && std::ranges::none_of(name, [](char c) {
           const auto byte = static_cast<unsigned char>(c);
           return byte < 0x20 || byte == 0x7f || c == ':';
         });
}

password_file::password_file() {
  const auto add = [](std::string_view text, std::vector<password_hash>& to) {
    auto parsed = password_hash::parse(text);
    GODWIT_ASSERT(parsed.has_value());
    to.push_back(*std::move(parsed));
  };
  add(nobody, kinds_);
  add(nobody_scram, scram_kinds_);
}

base::result<password_file, std::vector<mistake>> password_file::parse(std::string_view text) {
  password_file out;
  std::vector<mistake> wrong;
  bool has_scram = false;
  for (std::size_t number = 1; !text.empty(); ++number) {
    const auto blame = [&](std::string what) {
      if (wrong.size() < mistakes_max) wrong.push_back({number, std::move(what)});
    };
    const std::string_view line = take_line(text);
    if (line.starts_with('#')) continue;
    const auto colon = line.find(':');
    if (line.empty() || colon == std::string_view::npos) {
      blame("is not \"name:hash\"; a comment starts with '#'");
      continue;
    }
    const std::string_view name = line.substr(0, colon);
    if (!is_user_name(name)) {
      blame("the name before ':' is empty, too long, not UTF-8 or has control characters");
      continue;
    }
    auto hash = password_hash::parse(line.substr(colon + 1));
    const std::string shown = "\"" + base::escape_for_log(name, 60) + "\"";
    if (!hash) {
      blame("what stands for " + shown + " " + hash.error());
      continue;
    }
    const auto [at, is_new] = out.entries_.try_emplace(std::string{name}, entry{*hash, number});
    if (!is_new) {
      blame(shown + " is there already, in line " + std::to_string(at->second.line));
      continue;
    }
    if (hash->kind() == hash_kind::scram_sha256) {
      if (!std::exchange(has_scram, true)) out.scram_kinds_.clear();
      if (out.scram_kinds_.size() < sample_max) out.scram_kinds_.push_back(*hash);
    }
    if (out.entries_.size() == 1) out.kinds_.clear();
    if (out.kinds_.size() < sample_max) out.kinds_.push_back(std::move(*hash));
  }
  if (!wrong.empty()) return wrong;
  return out;
}

const password_file::entry* password_file::find(std::string_view user) const noexcept {
  const auto found = entries_.find(user);
  return found == entries_.end() ? nullptr : &found->second;
}

const password_hash& password_file::stand_in(std::uint64_t number) const noexcept {
  return kinds_[number % kinds_.size()];
}

scram_verifier password_file::stand_in_for_scram(std::string_view user, base::bytes& salt) const {
  // The first entry is a key that nobody outside knows, and that is the same after a restart.
  salt = hmac_sha256(base::as_bytes(scram_kinds_.front().text()), base::as_bytes(user));
  const std::size_t number = std::to_integer<std::size_t>(salt.back());
  scram_verifier keys = scram_kinds_[number % scram_kinds_.size()].scram().value();
  salt.resize(std::min(salt.size(), keys.salt.size()));
  keys.salt = salt;
  return keys;
}

std::string with_entry(std::string_view text, std::string_view user, const password_hash& hash) {
  std::string out;
  bool is_changed = false;
  const std::string entry = std::string{user} + ":" + hash.text() + "\n";
  while (!text.empty()) {
    const std::string_view line = take_line(text);
    if (is_of(line, user)) {
      out += entry;
      is_changed = true;
    } else {
      out += std::string{line} + "\n";
    }
  }
  return is_changed ? out : out + entry;
}

std::string without_entry(std::string_view text, std::string_view user) {
  std::string out;
  while (!text.empty()) {
    const std::string_view line = take_line(text);
    if (!is_of(line, user)) out += std::string{line} + "\n";
  }
  return out;
}

}  // namespace godwit::auth
