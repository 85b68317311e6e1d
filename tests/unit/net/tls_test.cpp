#include "net/certificate_names.hpp"
#include "net/stream.hpp"

#include <godwit/net/boot_clock.hpp>

#include <gtest/gtest.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>

#include <cstdlib>
#include <filesystem>

namespace godwit::net {
namespace {

class day_clock final : public base::clock {
 public:
  int day = 20'000;
  [[nodiscard]] base::moment now() const noexcept override {
    return {{}, base::wall_time{std::chrono::days{day}}};
  }
};

TEST(TicketKeys, KnowsThoseOfTodayAndYesterdayUnderTheSameTrust) {
  day_clock clock;
  const ticket_keys keys{clock};
  const ticket_keys::trust trust{};
  ticket_keys::trust other{};
  other[0] = std::byte{1};
  const ticket_keys::key first = keys.current(trust);
  ticket_keys::key found{};
  EXPECT_EQ(keys.find(trust, first.name, found), ticket_keys::age::current);
  EXPECT_EQ(found.cipher, first.cipher);
  EXPECT_EQ(keys.find(other, first.name, found), ticket_keys::age::unknown);
  EXPECT_EQ(ticket_keys{clock}.find(trust, first.name, found), ticket_keys::age::unknown);
  ++clock.day;
  EXPECT_EQ(keys.find(trust, first.name, found), ticket_keys::age::previous);
  EXPECT_EQ(found.mac, first.mac);
  ++clock.day;
  EXPECT_EQ(keys.find(trust, first.name, found), ticket_keys::age::unknown);
}

class Certificate : public testing::Test {
 protected:
  ~Certificate() override { X509_free(certificate_); }
  void add(const char* field, std::string_view text) {
    X509_NAME_add_entry_by_txt(X509_get_subject_name(certificate_), field, MBSTRING_UTF8,
                               reinterpret_cast<const unsigned char*>(text.data()),
                               static_cast<int>(text.size()), -1, 0);
  }
  void add_host(std::string_view name) {
    GENERAL_NAMES* const names = GENERAL_NAMES_new();
    GENERAL_NAME* const one = GENERAL_NAME_new();
    ASN1_IA5STRING* const text = ASN1_IA5STRING_new();
    ASN1_STRING_set(text, name.data(), static_cast<int>(name.size()));
    GENERAL_NAME_set0_value(one, GEN_DNS, text);
    sk_GENERAL_NAME_push(names, one);
    X509_add1_ext_i2d(certificate_, NID_subject_alt_name, names, 0, X509V3_ADD_APPEND);
    GENERAL_NAMES_free(names);
  }
  X509* certificate_ = X509_new();
};

TEST_F(Certificate, HasItsNames) {
  add("O", "Caf\xC3\xA9, Ltd");
  add("CN", "phone-1");
  add_host("phone-1.example");
  const auto names = names_of(certificate_);
  ASSERT_TRUE(names);
  EXPECT_EQ((*names)->common_name, "phone-1");
  EXPECT_EQ((*names)->subject, "CN=phone-1,O=Caf\xC3\xA9\\, Ltd");
  EXPECT_EQ((*names)->subject_alt_names, std::vector<std::string>{"phone-1.example"});
}

TEST_F(Certificate, WithTwoCommonNamesHasNone) {
  add("CN", "guest");
  add("CN", "admin");
  const auto names = names_of(certificate_);
  ASSERT_TRUE(names);
  EXPECT_EQ((*names)->common_name, "");
  EXPECT_EQ((*names)->subject, "CN=admin,CN=guest");
}

TEST_F(Certificate, WithControlCharactersIsRefused) {
  add("CN", "admin\r\nX");
  EXPECT_FALSE(names_of(certificate_));
}

TEST_F(Certificate, WithAZeroInAnAlternativeNameIsRefused) {
  add("CN", "phone");
  add_host(std::string_view{"admin\0.example", 14});
  EXPECT_FALSE(names_of(certificate_));
}

/// A listener's TLS, and the client's end of OpenSSL without a socket.
class Stream : public testing::Test {
 protected:
  static void SetUpTestSuite() {
    directory() =
        std::filesystem::temp_directory_path() / ("godwit-unit-tls-" + std::to_string(::getpid()));
    const std::string make = GODWIT_SOURCE_DIR "/packaging/make-test-ca.sh " + directory();
    ASSERT_EQ(std::system(make.c_str()), 0);
  }
  static void TearDownTestSuite() { std::filesystem::remove_all(directory()); }
  static std::string& directory() {
    static std::string path;
    return path;
  }

  void SetUp() override {
    tls_options& o = listener_.options.tls;
    o.certificates = {directory() + "/server.pem"};
    o.keys = {directory() + "/server.key"};
    auto context = tls_context::load(o, "tls", keys_);
    ASSERT_TRUE(context) << context.error().what;
    stream_.emplace(std::make_unique<opening>(entrance{listener_, *context, listener_.rules},
                                              broker::peer_info{}));
    SSL_set_connect_state(client_.get());
    SSL_set_bio(client_.get(), BIO_new(BIO_s_mem()), BIO_new(BIO_s_mem()));
  }

  /// What the client wants to send goes to the stream in parts of this size, and back.
  void carry(std::size_t part) {
    std::array<std::byte, 4'096> buffer{};
    while (true) {
      const int size = BIO_read(SSL_get_wbio(client_.get()), buffer.data(),
                                static_cast<int>(std::min(part, buffer.size())));
      if (size <= 0) break;
      const auto got = stream_->receive(room_, {buffer.data(), static_cast<std::size_t>(size)});
      last_ = got.now;
      if (got.now == stream::status::opened) opened_ += stream_->take_opening() != nullptr ? 1 : 0;
      received_ += base::as_text(got.bytes);
      to_client();
    }
  }
  void to_client() {
    base::bytes& wire = room_.pump.wire();
    if (wire.empty()) return;
    BIO_write(SSL_get_rbio(client_.get()), wire.data(), static_cast<int>(wire.size()));
    wire.clear();
  }
  void open(std::size_t part) {
    for (int i = 0; i < 5 && opened_ == 0; ++i) {
      SSL_do_handshake(client_.get());
      carry(part);
    }
    ASSERT_EQ(opened_, 1);
  }

  struct freed {
    void operator()(SSL* s) const noexcept { SSL_free(s); }
    void operator()(SSL_CTX* c) const noexcept { SSL_CTX_free(c); }
  };
  boot_clock clock_;
  ticket_keys keys_{clock_};
  listener listener_{listener_options{}};
  std::unique_ptr<SSL_CTX, freed> context_{SSL_CTX_new(TLS_client_method())};
  std::unique_ptr<SSL, freed> client_{SSL_new(context_.get())};
  stream_room room_{65'536};
  std::optional<stream> stream_;
  stream::status last_{};
  std::string received_;
  int opened_ = 0;
};

TEST_F(Stream, OpensAndReadsAlsoWhenBytesComeOneByOne) {
  open(1);
  std::string text(40'000, 'x');
  ASSERT_GT(SSL_write(client_.get(), text.data(), static_cast<int>(text.size())), 0);
  carry(1);
  EXPECT_EQ(received_, text);
  EXPECT_EQ(last_, stream::status::open);
}

TEST_F(Stream, SealsWhatGoesOut) {
  open(4'096);
  const std::string text(100'000, 'y');
  ASSERT_TRUE(stream_->seal(room_, base::as_bytes(text)));
  EXPECT_EQ(base::as_text(room_.pump.wire()).find("yyyy"), std::string_view::npos);
  to_client();
  std::string got(text.size(), '\0');
  std::size_t size = 0;
  for (std::size_t part = 0;
       SSL_read_ex(client_.get(), got.data() + size, got.size() - size, &part) == 1;) {
    size += part;
    if (size == got.size()) break;
  }
  EXPECT_EQ(got, text);
}

TEST_F(Stream, TellsTheEndBothWays) {
  open(4'096);
  SSL_shutdown(client_.get());
  carry(4'096);
  EXPECT_EQ(last_, stream::status::ended_by_peer);
  stream_->finish(room_);
  to_client();
  EXPECT_EQ(SSL_shutdown(client_.get()), 1) << "the broker's close_notify";
}

TEST_F(Stream, MovesToAnotherRoomBetweenTheHalvesOfARecord) {
  open(4'096);
  ASSERT_GT(SSL_write(client_.get(), "divided", 7), 0);
  std::array<std::byte, 4'096> buffer{};
  const int size = BIO_read(SSL_get_wbio(client_.get()), buffer.data(), buffer.size());
  const std::span<std::byte> record{buffer.data(), static_cast<std::size_t>(size)};
  EXPECT_TRUE(stream_->receive(room_, record.first(9)).bytes.empty());
  stream_->unbind();
  stream_room other{65'536};
  stream_->bind(other);
  EXPECT_EQ(base::as_text(stream_->receive(other, record.subspan(9)).bytes), "divided");
  stream_->unbind();
}

TEST_F(Stream, SaysWhatAPlainClientSpeaks) {
  std::array<std::byte, 2> connect{std::byte{0x10}, std::byte{0x10}};
  EXPECT_EQ(stream_->receive(room_, connect).now, stream::status::failed);
  EXPECT_EQ(stream_->before_mqtt()->failure,
            "the client speaks MQTT without TLS on a listener with TLS");
}

}  // namespace
}  // namespace godwit::net
