#include "certificate_names.hpp"

#include <godwit/mqtt/utf8.hpp>

#include <openssl/bio.h>
#include <openssl/x509v3.h>

#include <algorithm>
#include <optional>

namespace godwit::net {
namespace {

template <auto Free>
struct freed_by {
  template <class T>
  void operator()(T* object) const noexcept {
    Free(object);
  }
};

bool is_clean(std::string_view text) {
  constexpr unsigned char printable_from = 0x20;
  constexpr unsigned char erase = 0x7f;
  return mqtt::is_valid_utf8(text) && std::ranges::none_of(text, [](char c) {
           const auto byte = static_cast<unsigned char>(c);
           return byte < printable_from || byte == erase;
         });
}

/// As UTF-8, or nothing when it is not clean text.
std::optional<std::string> text_of(const ASN1_STRING* from) {
  unsigned char* utf8 = nullptr;
  const int size = ASN1_STRING_to_UTF8(&utf8, from);
  if (size < 0) return std::nullopt;
  std::string text{reinterpret_cast<const char*>(utf8), static_cast<std::size_t>(size)};
  OPENSSL_free(utf8);
  if (!is_clean(text)) return std::nullopt;
  return text;
}

std::string whole_name(const X509_NAME* name) {
  const std::unique_ptr<BIO, freed_by<BIO_free>> out{BIO_new(BIO_s_mem())};
  constexpr unsigned long rfc2253_in_utf8 = XN_FLAG_RFC2253 & ~ASN1_STRFLGS_ESC_MSB;
  if (out == nullptr || X509_NAME_print_ex(out.get(), name, 0, rfc2253_in_utf8) < 0) return {};
  char* text = nullptr;
  const long size = BIO_get_mem_data(out.get(), &text);
  return {text, static_cast<std::size_t>(size)};
}

}  // namespace

base::result<std::unique_ptr<const broker::peer_certificate>, std::string> names_of(
    x509_st* certificate) {
  auto out = std::make_unique<broker::peer_certificate>();
  const X509_NAME* const subject = X509_get_subject_name(certificate);
  int common_names = 0;
  for (int i = 0; i < X509_NAME_entry_count(subject); ++i) {
    const X509_NAME_ENTRY* const entry = X509_NAME_get_entry(subject, i);
    auto text = text_of(X509_NAME_ENTRY_get_data(entry));
    if (!text) return std::string{"its subject is not clean text"};
    if (OBJ_obj2nid(X509_NAME_ENTRY_get_object(entry)) != NID_commonName) continue;
    out->common_name = ++common_names == 1 ? std::move(*text) : std::string{};
  }
  out->subject = whole_name(subject);
  const std::unique_ptr<GENERAL_NAMES, freed_by<GENERAL_NAMES_free>> alternatives{
      static_cast<GENERAL_NAMES*>(
          X509_get_ext_d2i(certificate, NID_subject_alt_name, nullptr, nullptr))};
  for (int i = 0; i < sk_GENERAL_NAME_num(alternatives.get()); ++i) {
    int type = 0;
    const void* const value =
        GENERAL_NAME_get0_value(sk_GENERAL_NAME_value(alternatives.get(), i), &type);
    if (type != GEN_DNS && type != GEN_EMAIL && type != GEN_URI) continue;
    auto text = text_of(static_cast<const ASN1_STRING*>(value));
    if (!text) return std::string{"one of its alternative names is not clean text"};
    out->subject_alt_names.push_back(std::move(*text));
  }
  return std::unique_ptr<const broker::peer_certificate>{std::move(out)};
}

}  // namespace godwit::net
