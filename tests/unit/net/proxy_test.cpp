#include "net/proxy_header.hpp"

#include <godwit/net/network.hpp>

#include <boost/asio/ip/address.hpp>
#include <gtest/gtest.h>

namespace godwit::net {
namespace {

using status = proxy_header::status;

const std::string v2_start{"\r\n\r\n\0\r\nQUIT\n", 12};

std::string v2(unsigned command, unsigned protocol, std::string_view body) {
  return v2_start + static_cast<char>(command) + static_cast<char>(protocol) +
         static_cast<char>(body.size() >> 8U) + static_cast<char>(body.size() & 0xffU) +
         std::string{body};
}
const std::string_view v4_body{"\xc0\x00\x02\x01\xc6\x33\x64\x01\x9c\x40\x07\x5b", 12};

proxy_header read(std::string_view text) {
  return read_proxy_header(base::as_bytes(text));
}
/// Reads a header that is followed by something; every part of it is incomplete.
proxy_header read_whole(const std::string& text) {
  for (std::size_t size = 0; size < text.size(); ++size) {
    EXPECT_EQ(read(std::string_view{text}.substr(0, size)).now, status::incomplete) << size;
  }
  const proxy_header h = read(text + "\x10");
  EXPECT_EQ(h.now, status::complete);
  EXPECT_EQ(h.size, text.size());
  return h;
}
std::string source_of(const proxy_header& h) {
  return h.from ? h.from->address.to_string() + " " + std::to_string(h.from->port) : "none";
}

TEST(ProxyHeader, OfVersion1NamesTheClient) {
  EXPECT_EQ(source_of(read_whole("PROXY TCP4 192.0.2.1 198.51.100.1 40000 1883\r\n")),
            "::ffff:192.0.2.1 40000");
  EXPECT_EQ(source_of(read_whole("PROXY TCP6 2001:db8::1 2001:db8::2 1 65535\r\n")),
            "2001:db8::1 1");
  EXPECT_EQ(source_of(read_whole("PROXY UNKNOWN\r\n")), "none");
  EXPECT_EQ(source_of(read_whole("PROXY UNKNOWN whatever it says\r\n")), "none");
}

TEST(ProxyHeader, OfVersion1IsReadStrictly) {
  for (const char* const wrong :
       {"PROXY TCP4 192.0.2.1 198.51.100.1 40000\r\n", "PROXY TCP4 192.0.2.1 1.2.3.4 1 2 3\r\n",
        "PROXY TCP4 2001:db8::1 198.51.100.1 1 2\r\n", "PROXY TCP6 192.0.2.1 192.0.2.2 1 2\r\n",
        "PROXY TCP4 192.0.2.1 198.51.100.1 65536 2\r\n", "PROXY TCP4 192.0.2.1 1.2.3.4 01 2\r\n",
        "PROXY TCP4  192.0.2.1 1.2.3.4 1 2\r\n", "PROXY UDP4 192.0.2.1 1.2.3.4 1 2\r\n",
        "PROXY TCP4 192.0.2.1 1.2.3.4 1 \r\n", "PROXY \r\n", "proxy TCP4 1.2.3.4 1.2.3.4 1 2\r\n",
        "PROXY TCP6 fe80::1%lo ::1 1 2\r\n", "PROXY TCP4 192.0.2.1\t 1.2.3.4 1 2\r\n"}) {
    EXPECT_EQ(read(wrong).now, status::wrong) << wrong;
  }
  EXPECT_EQ(read("PROXY UNKNOWN " + std::string(200, 'x')).now, status::wrong) << "too long";
}

TEST(ProxyHeader, OfVersion2NamesTheClient) {
  EXPECT_EQ(source_of(read_whole(v2(0x21, 0x11, v4_body))), "::ffff:192.0.2.1 40000");
  std::string v6(36, '\0');
  v6[0] = '\x20';
  v6[1] = '\x01';
  v6[33] = '\x07';
  EXPECT_EQ(source_of(read_whole(v2(0x21, 0x21, v6))), "2001:: 7");
  EXPECT_EQ(source_of(read_whole(v2(0x20, 0x00, ""))), "none") << "the proxy itself";
  EXPECT_EQ(source_of(read_whole(v2(0x21, 0x31, std::string(216, 'u')))), "none");
  EXPECT_EQ(source_of(read_whole(v2(0x21, 0x00, "ignored"))), "none");
}

TEST(ProxyHeader, OfVersion2MayHaveAdditionsThatFit) {
  const std::string additions{
      "\x03\x00\x04"
      "crc!"
      "\x04\x00\x00",
      10};
  EXPECT_EQ(source_of(read_whole(v2(0x21, 0x11, std::string{v4_body} + additions))),
            "::ffff:192.0.2.1 40000");
  for (const std::string_view overrun :
       {std::string_view{"\x03\x00\x05"
                         "crc!",
                         7},
        std::string_view{"\x03\x00", 2}, std::string_view{"\x03\xff\xff", 3},
        std::string_view{"\x04\x00\x00\x01", 4}}) {
    EXPECT_EQ(read(v2(0x21, 0x11, std::string{v4_body} + std::string{overrun})).now, status::wrong);
  }
}

TEST(ProxyHeader, OfVersion2IsReadStrictly) {
  EXPECT_EQ(read(v2(0x11, 0x11, v4_body)).now, status::wrong) << "version 1 in the form of 2";
  EXPECT_EQ(read(v2(0x22, 0x11, v4_body)).now, status::wrong) << "unknown command";
  EXPECT_EQ(read(v2(0x21, 0x12, v4_body)).now, status::wrong) << "UDP";
  EXPECT_EQ(read(v2(0x21, 0x11, v4_body.substr(1))).now, status::wrong) << "too short";
  EXPECT_EQ(read(v2_start + "\x21\x11\xff\xff").now, status::wrong) << "too long";
}

TEST(ProxyHeader, IsNotWhatAClientSays) {
  EXPECT_EQ(read("\x10\x0c").now, status::wrong);
  EXPECT_EQ(read("GET / HTTP/1.1\r\n").now, status::wrong);
}

boost::asio::ip::address_v6 ip(const std::string& text) {
  const auto a = boost::asio::ip::make_address(text);
  return a.is_v6() ? a.to_v6()
                   : boost::asio::ip::make_address_v6(boost::asio::ip::v4_mapped, a.to_v4());
}

TEST(AddressRules, DenyWinsAndAnAllowListIsComplete) {
  const std::vector<std::string> allowed{"10.0.0.0/8"};
  const std::vector<std::string> denied{"10.0.0.13"};
  const address_rules rules{parse_networks(allowed), parse_networks(denied)};
  EXPECT_TRUE(rules.admits(ip("10.0.0.12")));
  EXPECT_FALSE(rules.admits(ip("10.0.0.13")));
  EXPECT_FALSE(rules.admits(ip("192.0.2.1")));
  EXPECT_TRUE(address_rules{}.admits(ip("192.0.2.1")));
}

}  // namespace
}  // namespace godwit::net
