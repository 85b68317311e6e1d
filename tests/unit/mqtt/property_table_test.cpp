#include "decoding.hpp"

#include <godwit/mqtt/properties.hpp>

#include <map>
#include <set>

/// Table 2-4 once more, written independently: 27 properties, where they may stand, what they may
/// be.

namespace godwit::mqtt {
namespace {

using enum property_owner;
using owners = std::set<property_owner>;

struct expectation {
  const char* good;         ///< One valid instance, in hex, identifier included.
  owners both;              ///< Allowed whoever sends it.
  owners client_only = {};  ///< Allowed from one side; a protocol error from the other.
  owners server_only = {};
  owners repeated = {};
  const char* out_of_range = nullptr;
};

const owners acks{puback, pubrec, pubrel, pubcomp};
const owners with_reason{
    connack, puback, pubrec, pubrel, pubcomp, suback, unsuback, disconnect, property_owner::auth};
const owners everywhere{
    connect, will,      connack, publish,     puback,   pubrec,     pubrel,
    pubcomp, subscribe, suback,  unsubscribe, unsuback, disconnect, property_owner::auth};

const std::map<unsigned, expectation>& expectations() {
  static const std::map<unsigned, expectation> table{
      {0x01, {"01 01", {publish, will}, {}, {}, {}, "01 02"}},
      {0x02, {"02 00 00 00 00", {publish, will}}},
      {0x03, {"03 00 01 61", {publish, will}}},
      {0x08, {"08 00 01 61", {publish, will}, {}, {}, {}, "08 00 01 23"}},
      {0x09, {"09 00 01 FF", {publish, will}}},
      {0x0B, {"0B 01", {subscribe}, {}, {publish}, {publish}, "0B 00"}},
      {0x11, {"11 FF FF FF FF", {connect, connack}, {disconnect}}},
      {0x12, {"12 00 01 61", {connack}}},
      {0x13, {"13 00 00", {connack}}},
      {0x15, {"15 00 01 61", {connect, connack, property_owner::auth}}},
      {0x16, {"16 00 00", {connect, connack, property_owner::auth}}},
      {0x17, {"17 00", {connect}, {}, {}, {}, "17 02"}},
      {0x18, {"18 00 00 00 00", {will}}},
      {0x19, {"19 01", {connect}, {}, {}, {}, "19 02"}},
      {0x1A, {"1A 00 00", {connack}}},
      {0x1C, {"1C 00 01 61", {connack}, {}, {disconnect}}},
      {0x1F, {"1F 00 01 61", with_reason}},
      {0x21, {"21 00 01", {connect, connack}, {}, {}, {}, "21 00 00"}},
      {0x22, {"22 00 00", {connect, connack}}},
      {0x23, {"23 00 01", {publish}}},
      {0x24, {"24 01", {connack}, {}, {}, {}, "24 02"}},
      {0x25, {"25 00", {connack}, {}, {}, {}, "25 02"}},
      {0x26, {"26 00 00 00 00", everywhere, {}, {}, everywhere}},
      {0x27, {"27 00 00 00 01", {connect, connack}, {}, {}, {}, "27 00 00 00 00"}},
      {0x28, {"28 00", {connack}, {}, {}, {}, "28 02"}},
      {0x29, {"29 00", {connack}, {}, {}, {}, "29 FF"}},
      {0x2A, {"2A 00", {connack}, {}, {}, {}, "2A 02"}},
  };
  return table;
}

std::optional<reason_code> refusal_of(bytes_view block, property_owner owner, sender from) {
  const auto checked = check_properties(block, owner, from);
  return checked ? std::nullopt : std::optional{checked.error().code};
}

/// Authentication Data is nothing without a method in front.
base::bytes block_with(std::string_view digits) {
  return hex(digits.starts_with("16") ? "15 00 01 6D " + std::string{digits} : std::string{digits});
}

base::bytes twice(const base::bytes& block) {
  base::bytes doubled = block;
  doubled.insert(doubled.end(), block.begin(), block.end());
  return doubled;
}

bool may_stand(const expectation& e, property_owner owner, sender from) {
  const owners& own = from == sender::client ? e.client_only : e.server_only;
  return e.both.contains(owner) || own.contains(owner);
}

TEST(PropertyTable, HasTwentySevenRows) {
  EXPECT_EQ(expectations().size(), 27U);
}

TEST(PropertyTable, EachPropertyStandsOnlyWhereItMay) {
  for (const auto& [id, e] : expectations()) {
    for (const property_owner owner : everywhere) {
      for (const sender from : {sender::client, sender::server}) {
        SCOPED_TRACE(::testing::Message()
                     << "property " << id << " in " << static_cast<unsigned>(owner));
        const auto answer = refusal_of(block_with(e.good), owner, from);
        const bool for_the_other_side =
            e.client_only.contains(owner) || e.server_only.contains(owner);
        if (may_stand(e, owner, from)) {
          EXPECT_EQ(answer, std::nullopt);
        } else if (for_the_other_side) {
          EXPECT_EQ(answer, reason_code::protocol_error);
        } else {
          EXPECT_EQ(answer, reason_code::malformed_packet);
        }
      }
    }
  }
}

TEST(PropertyTable, NoPropertyStandsTwiceUnlessItMay) {
  for (const auto& [id, e] : expectations()) {
    for (const property_owner owner : everywhere) {
      for (const sender from : {sender::client, sender::server}) {
        if (!may_stand(e, owner, from)) continue;
        SCOPED_TRACE(::testing::Message()
                     << "property " << id << " in " << static_cast<unsigned>(owner));
        const auto answer = refusal_of(twice(block_with(e.good)), owner, from);
        if (e.repeated.contains(owner)) {
          EXPECT_EQ(answer, std::nullopt);
        } else {
          EXPECT_EQ(answer, reason_code::protocol_error);
        }
      }
    }
  }
}

TEST(PropertyTable, ValuesOutOfRangeAreProtocolErrors) {
  int ranges = 0;
  for (const auto& [id, e] : expectations()) {
    if (e.out_of_range == nullptr) continue;
    ++ranges;
    for (const property_owner owner : everywhere) {
      if (!may_stand(e, owner, sender::server)) continue;
      EXPECT_EQ(refusal_of(hex(e.out_of_range), owner, sender::server), reason_code::protocol_error)
          << id;
    }
  }
  EXPECT_EQ(ranges, 12);
}

TEST(PropertyTable, TopicAlias0IsATopicAliasError) {
  clause("v5 MQTT-3.3.2-8");
  EXPECT_EQ(refusal_of(hex("23 00 00"), publish, sender::client), reason_code::topic_alias_invalid);
}

// Battery 1, 25: cut after every byte, always as an error, whatever stands behind the block.
TEST(PropertyTable, CutPropertiesAreMalformed) {
  for (const auto& [id, e] : expectations()) {
    const base::bytes whole = hex(e.good);
    for (const property_owner owner : everywhere) {
      if (!may_stand(e, owner, sender::server)) continue;
      for (std::size_t size = 1; size < whole.size(); ++size) {
        const base::bytes cut(whole.begin(), whole.begin() + static_cast<std::ptrdiff_t>(size));
        EXPECT_EQ(refusal_of(cut, owner, sender::server), reason_code::malformed_packet) << id;
      }
    }
  }
}

TEST(PropertyTable, UnknownIdentifiersAreMalformed) {
  for (unsigned id = 0; id < 256; ++id) {
    if (expectations().contains(id)) continue;
    for (const property_owner owner : everywhere) {
      const base::bytes block{static_cast<std::byte>(id), std::byte{1}, std::byte{0}, std::byte{0}};
      EXPECT_EQ(refusal_of(block, owner, sender::client), reason_code::malformed_packet) << id;
    }
  }
}

TEST(PropertyTable, TextsAreUtf8) {
  clause("v5 MQTT-1.5.4-1");
  clause("v5 MQTT-1.5.4-2");
  clause("v5 MQTT-3.3.2-19");
  for (const auto& [digits, owner] : {std::pair{"03", publish},
                                      {"08", publish},
                                      {"12", connack},
                                      {"15", connect},
                                      {"1A", connack},
                                      {"1C", connack},
                                      {"1F", puback},
                                      {"03", will},
                                      {"08", will}}) {
    for (const char* text : {" 00 02 C3 28", " 00 03 ED A0 80", " 00 02 C0 80", " 00 01 00"}) {
      EXPECT_EQ(refusal_of(hex(std::string{digits} + text), owner, sender::server),
                reason_code::malformed_packet)
          << digits << text;
    }
  }
}

TEST(PropertyTable, ResponseTopicIsATopicName) {
  clause("v5 MQTT-3.3.2-13");
  clause("v5 MQTT-3.3.2-14");
  for (const property_owner owner : {publish, will}) {
    EXPECT_EQ(refusal_of(hex("08 00 03 61 2F 23"), owner, sender::client),
              reason_code::protocol_error);
    EXPECT_EQ(refusal_of(hex("08 00 01 2B"), owner, sender::client), reason_code::protocol_error);
    EXPECT_EQ(refusal_of(hex("08 00 00"), owner, sender::client), reason_code::protocol_error);
    EXPECT_EQ(refusal_of(hex("08 00 02 C3 28"), owner, sender::client),
              reason_code::malformed_packet);
  }
}

TEST(PropertyTable, UserPropertiesAreUtf8InBothHalves) {
  clause("v5 MQTT-1.5.7-1");
  EXPECT_EQ(refusal_of(hex("26 00 02 C3 28 00 01 61"), publish, sender::client),
            reason_code::malformed_packet);
  EXPECT_EQ(refusal_of(hex("26 00 01 61 00 02 C3 28"), publish, sender::client),
            reason_code::malformed_packet);
  EXPECT_EQ(refusal_of(hex("26 00 01 61 00 01 00"), publish, sender::client),
            reason_code::malformed_packet);
  EXPECT_EQ(refusal_of(hex("26 00 00 00 00 26 00 00 00 00"), publish, sender::client),
            std::nullopt);
}

TEST(PropertyTable, AuthenticationDataNeedsAMethod) {
  for (const property_owner owner : {connect, connack, property_owner::auth}) {
    EXPECT_EQ(refusal_of(hex("16 00 01 61"), owner, sender::server), reason_code::protocol_error);
    EXPECT_EQ(refusal_of(hex("16 00 01 61 15 00 01 6D"), owner, sender::server), std::nullopt);
  }
}

TEST(PropertyTable, SubscriptionIdentifiersAreInTheirShortestForm) {
  clause("v5 MQTT-1.5.5-1");
  EXPECT_EQ(refusal_of(hex("0B FF FF FF 7F"), subscribe, sender::client), std::nullopt);
  EXPECT_EQ(refusal_of(hex("0B FF FF FF FF 7F"), subscribe, sender::client),
            reason_code::malformed_packet);
  EXPECT_EQ(refusal_of(hex("0B 81 80 00"), subscribe, sender::client),
            reason_code::malformed_packet);
  EXPECT_EQ(refusal_of(hex("0B 80 80 80 80"), subscribe, sender::client),
            reason_code::malformed_packet);
}

}  // namespace
}  // namespace godwit::mqtt
