#include <godwit/base/network.hpp>

#include <gtest/gtest.h>

namespace godwit::base {
namespace {

TEST(Network, ContainsItsAddresses) {
  const auto inside = [](const char* net, const char* address) {
    return parse_network(net)->contains(*parse_ip(address));
  };
  EXPECT_TRUE(inside("10.0.0.0/8", "10.255.0.1"));
  EXPECT_FALSE(inside("10.0.0.0/8", "11.0.0.1"));
  EXPECT_TRUE(inside("192.168.1.128/25", "192.168.1.200"));
  EXPECT_FALSE(inside("192.168.1.128/25", "192.168.1.100"));
  EXPECT_TRUE(inside("10.1.2.3", "::ffff:10.1.2.3"));
  EXPECT_TRUE(inside("::/0", "10.1.2.3"));
  EXPECT_TRUE(inside("0.0.0.0/0", "1.2.3.4"));
  EXPECT_FALSE(inside("0.0.0.0/0", "2001:db8::1"));
  EXPECT_TRUE(inside("2001:db8::/33", "2001:db8:7fff::1"));
  EXPECT_FALSE(inside("2001:db8::/33", "2001:db8:8000::1"));
  EXPECT_TRUE(inside("2001:db8:8000::/33", "2001:db8:ffff::1"));
  EXPECT_FALSE(inside("2001:db8:8000::/33", "2001:db8:7fff::1"));
}

TEST(Network, ReadsNothingElse) {
  for (const char* wrong : {"",
                            "10",
                            "10.0.0",
                            "10.0.0.0.0",
                            "010.0.0.1",
                            "10.0.0.256",
                            "a.b.c.d",
                            "10.0.0.0/33",
                            "10.0.0.0/",
                            "10.0.0.0/-1",
                            ":",
                            ":::",
                            "1:2:3:4:5:6:7",
                            "1:2:3:4:5:6:7:8:9",
                            "12345::",
                            "::1/129",
                            "1::2::3",
                            "fe80::1%eth0",
                            " 10.0.0.1",
                            "::1:",
                            "10.0.0.1/8",
                            "10.0.0.0/8/8",
                            "10/8",
                            "host",
                            "fe80::1%lo/64",
                            "2001:db8::1/64"}) {
    EXPECT_FALSE(parse_network(wrong).has_value()) << wrong;
  }
  EXPECT_TRUE(parse_network("::").has_value());
  EXPECT_TRUE(parse_network("1:2:3:4:5:6:7:8").has_value());
  EXPECT_TRUE(parse_network("::ffff:1.2.3.4").has_value());
}

}  // namespace
}  // namespace godwit::base
