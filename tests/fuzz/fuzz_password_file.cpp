#include "require.hpp"

#include <godwit/auth/password_file.hpp>
#include <godwit/base/bytes.hpp>

#include <algorithm>

namespace godwit::fuzz {

void fuzz_password_file(base::bytes_view input);

/// The input is a password file: it is read, or every mistake is one printable line; a user that is
/// added is there, and one that is removed is not.
void fuzz_password_file(base::bytes_view input) {
  const std::string_view text = base::as_text(input);
  const auto file = auth::password_file::parse(text);
  if (!file) {
    FUZZ_REQUIRE(!file.error().empty());
    for (const auth::mistake& m : file.error()) {
      FUZZ_REQUIRE(m.line > 0);
      FUZZ_REQUIRE(std::ranges::all_of(m.what, [](char c) { return c >= 0x20 && c < 0x7f; }));
    }
    return;
  }
  const auth::password_hash hash = auth::password_hash::of_token("gdt_x");
  const auto with = auth::password_file::parse(auth::with_entry(text, "new user", hash));
  FUZZ_REQUIRE(with && with->find("new user") != nullptr);
  FUZZ_REQUIRE(with->find("new user")->hash.text() == hash.text());
  const auto without = auth::password_file::parse(auth::without_entry(text, "new user"));
  FUZZ_REQUIRE(without && without->find("new user") == nullptr);
  FUZZ_REQUIRE(without->size() + 1 == with->size());
}

}  // namespace godwit::fuzz
