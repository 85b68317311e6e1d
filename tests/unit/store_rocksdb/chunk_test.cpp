#include "chunk.hpp"

#include "codec.hpp"
#include "crc32c.hpp"
#include "rows.hpp"

#include <gtest/gtest.h>

#include <fstream>
#include <iterator>
#include <tuple>
#include <utility>

namespace godwit::store_rocksdb {
namespace {

mqtt::message_fields a_message() {
  mqtt::message_fields f;
  f.number = mqtt::message_number{0x0102030405060708};
  f.topic = "a/b";
  f.payload = base::as_bytes("hello");
  f.properties = base::as_bytes("\x01\x01");
  f.quality = mqtt::qos::exactly_once;
  f.retain = true;
  f.retain_version = 7;
  f.arrival = base::wall_time{std::chrono::milliseconds{1'700'000'000'000}};
  f.expiry_s = 60;
  return f;
}

std::string one_of_each() {
  chunk_writer w;
  w.add(restarted_record{});
  w.add(a_message());
  enqueued_record e;
  e.session = 3;
  e.position = 9;
  e.message = 0x0102030405060708;
  w.add(e);
  e.position = 10;
  e.quality = mqtt::qos::exactly_once;
  e.retain = true;
  e.received = true;
  e.id = 5;
  e.commit = 77;
  e.share = "$share/g/a";
  w.add(e);
  w.add(committed_record{77});
  w.add(sent_record{3, 9, 4});
  w.add(removed_record{3, 9});
  w.add(rec_received_record{3, 10});
  w.add(qos2_received_record{3, 11});
  w.add(qos2_released_record{3, 11});
  chunk_header h;
  h.number = 12;
  h.previous_hash = 0x1122334455667788;
  h.first = 4;
  h.seen = {3, 0x0102030405060708, 7};
  h.rows = {1, 2, 3, 4};
  return std::string{w.finish(h)};
}

/// Compares with a file that an earlier version wrote. To accept a new format, which is a new
/// schema, delete the file and run the test once.
void expect_golden(const std::string& name, const std::string& bytes) {
  const std::string path = std::string{GODWIT_GOLDEN_DIR} + "/" + name;
  std::string text;
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    constexpr std::string_view digits = "0123456789abcdef";
    const auto byte = static_cast<unsigned char>(bytes[i]);
    text += digits[byte >> 4U];
    text += digits[byte & 15U];
    text += i % 32 == 31 ? '\n' : ' ';
  }
  std::ifstream file{path};
  if (!file) {
    std::ofstream{path} << text;
    FAIL() << path << " was not there; it is now";
  }
  EXPECT_EQ(text, (std::string{std::istreambuf_iterator<char>{file}, {}})) << path;
}

TEST(Chunk, HasTheDocumentedFormat) {
  expect_golden("chunk.hex", one_of_each());
}

TEST(Chunk, HasTheDocumentedRows) {
  store::session_opened s{store::session_number{3}, "phone", "ann"};
  const auto m = mqtt::message::make(a_message());
  std::string all;
  for (const std::string& part :
       {session_key(3, session_row::opened), opened_value(s), session_key(3, session_row::idle),
        number_value(1'700'000'000'000), subscription_key(3, "a/#"),
        subscription_value({mqtt::qos::at_least_once}), retained_value(*m), key_of(9),
        will_value({"phone", m, 30})}) {
    all += part;
  }
  expect_golden("rows.hex", all);
}

/// What MQTT 5 adds is in schema 2; what stood there before keeps its form.
TEST(Chunk, HasTheDocumentedFormsOfMqtt5) {
  mqtt::message_fields m = a_message();
  m.publisher = 0x1111222233334444;
  enqueued_record e;
  e.session = 3;
  e.position = 9;
  e.message = m.number.value();
  e.share = "$share/g/a";
  const std::string identifiers{"\0\0\0\5\x0f\xff\xff\xff", 8};
  e.identifiers = identifiers;
  chunk_writer w;
  w.add(m);
  w.add(e);
  chunk_header h;
  h.number = 1;
  const std::string chunk{w.finish(h)};
  expect_golden("chunk_v5.hex", chunk);
  auto r = chunk_reader::open(chunk, 1);
  ASSERT_TRUE(r);
  chunk_record record;
  std::uint32_t offset = 0;
  ASSERT_TRUE(r->next(record, offset));
  EXPECT_EQ(std::get<message_record>(record).fields.publisher, m.publisher);
  ASSERT_TRUE(r->next(record, offset));
  EXPECT_EQ(std::get<enqueued_record>(record).identifiers, identifiers);
  EXPECT_EQ(std::get<enqueued_record>(record).share, "$share/g/a");

  const store::subscription_terms terms{mqtt::qos::exactly_once, true, true, 0x0FFF'FFFF};
  const auto will = will_value({"phone", mqtt::message::make(a_message()), 30, 0x01020304});
  expect_golden("rows_v5.hex", session_key(3, session_row::expires) + number_value(0xFFFF'FFFF) +
                                   subscription_value(terms) + will);
  EXPECT_EQ(read_subscription(subscription_value(terms)), terms);
  EXPECT_EQ(read_will(will)->delay_s, 0x01020304U);
  EXPECT_EQ(read_will(will)->keep_alive_s, 30U);
}

/// Schema 3 adds who published a retained message.
TEST(Chunk, HasTheDocumentedNamesOfAPublisher) {
  mqtt::message_fields m = a_message();
  m.retain = true;
  m.publisher = 0x1111222233334444;
  m.publisher_id = "phone";
  m.publisher_user = "ann";
  std::string row = retained_value(*mqtt::message::make(m));
  m.publisher_user = {};
  chunk_writer w;
  w.add(m);
  chunk_header h;
  h.number = 1;
  const std::string chunk{w.finish(h)};
  expect_golden("publisher.hex", row + chunk);

  const auto read = read_retained(row);
  ASSERT_TRUE(read);
  EXPECT_EQ(read->publisher_id, "phone");
  EXPECT_EQ(read->publisher_user, "ann");
  const auto made = mqtt::message::make(*read);
  EXPECT_EQ(made->publisher_user(), "ann");
  EXPECT_EQ(made->content_size(), mqtt::message::make(a_message())->content_size());
  auto r = chunk_reader::open(chunk, 1);
  ASSERT_TRUE(r);
  chunk_record record;
  std::uint32_t offset = 0;
  ASSERT_TRUE(r->next(record, offset));
  const auto& fields = std::get<message_record>(record).fields;
  EXPECT_EQ(fields.publisher_id, "phone");
  EXPECT_EQ(fields.publisher_user, "");
  EXPECT_EQ(fields.topic, m.topic);
  EXPECT_EQ(encoded_size(fields), encoded_size(m));
}

std::vector<enqueued_record> entries_of(std::string_view chunk, std::uint64_t number) {
  std::vector<enqueued_record> all;
  auto r = chunk_reader::open(chunk, number);
  if (!r) return all;
  chunk_record record;
  std::uint32_t offset = 0;
  while (r->next(record, offset)) {
    if (const auto* const e = std::get_if<enqueued_record>(&record)) all.push_back(*e);
  }
  EXPECT_TRUE(r->is_complete());
  return all;
}

/// Schema 4 says once what the entries of a message have in common.
std::vector<enqueued_record> for_several_sessions() {
  constexpr std::uint64_t all_bits = ~std::uint64_t{0};
  enqueued_record e;
  e.session = 3;
  e.position = 9;
  e.message = 5;
  e.retain = true;
  e.commit = 77;
  std::vector<enqueued_record> written{e};
  for (const auto& [session, position] : std::vector<std::pair<std::uint64_t, std::uint64_t>>{
           {4, 9}, {2, 200}, {all_bits, 0}, {1, all_bits >> 1U}, {all_bits >> 1U, 1}}) {
    e.session = session;
    e.position = position;
    written.push_back(e);
  }
  // Each differs from the one before it in something else, and so is written in full.
  e.id = 8;
  written.push_back(e);
  e.id = 0;
  e.received = true;
  written.push_back(e);
  e.received = false;
  e.share = "$share/g/a";
  written.push_back(e);
  e.share = {};
  e.identifiers = std::string_view{"\0\0\0\5", 4};
  written.push_back(e);
  e.identifiers = {};
  e.commit = 78;
  written.push_back(e);
  e.retain = false;
  written.push_back(e);
  e.quality = mqtt::qos::exactly_once;
  written.push_back(e);
  e.message = 6;
  e.id = 9;
  written.push_back(e);
  // This one has what the one before it has in common with it, and the rest not.
  e.id = 0;
  ++e.position;
  written.push_back(e);
  return written;
}

std::string chunk_of(const std::vector<enqueued_record>& entries, std::uint64_t number) {
  chunk_writer w;
  for (const enqueued_record& one : entries) w.add(one);
  chunk_header h;
  h.number = number;
  return std::string{w.finish(h)};
}

TEST(Chunk, HasTheDocumentedFormOfAMessageForSeveralSessions) {
  const auto written = for_several_sessions();
  const std::string chunk = chunk_of(written, 1);
  expect_golden("also_enqueued.hex", chunk);

  const auto read = entries_of(chunk, 1);
  ASSERT_EQ(read.size(), written.size());
  for (std::size_t i = 0; i < read.size(); ++i) {
    const auto as_tuple = [](const enqueued_record& one) {
      return std::tuple{one.session,  one.position, one.message, one.quality, one.retain,
                        one.received, one.id,       one.commit,  one.share,   one.identifiers};
    };
    EXPECT_EQ(as_tuple(read[i]), as_tuple(written[i])) << "entry " << i;
  }
}

TEST(Chunk, TakesFewBytesForAMessageOfVeryManySessions) {
  chunk_writer w;
  enqueued_record e;
  e.message = 5;
  for (std::uint64_t i = 1; i <= 1'000; ++i) {
    e.session = i;
    e.position = 100'000 + i % 7;
    w.add(e);
  }
  EXPECT_LE(w.size(), chunk_header_size + enqueued_size + 1'000 * 3);
  const std::size_t full = chunk_header_size + 1'000 * enqueued_size;
  EXPECT_EQ(w.full_size(), full);
  chunk_header h;
  h.number = 1;
  const std::string chunk{w.finish(h)};
  auto r = chunk_reader::open(chunk, 1);
  ASSERT_TRUE(r);
  chunk_record record;
  std::uint32_t offset = 0;
  while (r->next(record, offset)) {
  }
  EXPECT_EQ(r->full_size(), full);
  w.clear();
  EXPECT_EQ(w.full_size(), w.size());
  e.session = 7;
  w.add(e);
  EXPECT_EQ(w.size(), chunk_header_size + enqueued_size) << "nothing is taken from another chunk";
}

TEST(Chunk, IsNonsenseWhenAnEntryIsLikeNone) {
  std::string bytes = one_of_each();
  bytes[chunk_header_size] = static_cast<char>(record_kind::also_enqueued);
  auto r = chunk_reader::open_checked(bytes, 12);
  ASSERT_TRUE(r);
  chunk_record record;
  std::uint32_t offset = 0;
  EXPECT_FALSE(r->next(record, offset));
}

TEST(Chunk, IsReadAsItWasWritten) {
  const std::string bytes = one_of_each();
  auto r = chunk_reader::open(bytes, 12);
  ASSERT_TRUE(r);
  EXPECT_EQ(r->header().first, 4U);
  EXPECT_EQ(r->header().seen.retain_version, 7U);
  EXPECT_EQ(r->header().rows[3], 4U);
  std::vector<chunk_record> all;
  chunk_record record;
  std::uint32_t offset = 0;
  std::uint32_t message_offset = 0;
  while (r->next(record, offset)) {
    if (std::holds_alternative<message_record>(record)) message_offset = offset;
    all.push_back(record);
  }
  EXPECT_TRUE(r->is_complete());
  ASSERT_EQ(all.size(), 10U);
  const auto& e = std::get<enqueued_record>(all[3]);
  EXPECT_EQ(e.share, "$share/g/a");
  EXPECT_EQ(e.commit, 77U);
  EXPECT_EQ(e.id, 5U);
  EXPECT_TRUE(e.retain && e.received);
  const auto m = message_at(bytes, message_offset);
  ASSERT_TRUE(m);
  EXPECT_EQ(m->fields.topic, "a/b");
  EXPECT_EQ(base::as_text(m->fields.payload), "hello");
  EXPECT_EQ(m->fields.expiry_s, 60U);
  EXPECT_FALSE(message_at(bytes, message_offset + 1));
}

TEST(Chunk, IsRefusedWithAnyBitFlipped) {
  for (const std::string& bytes : {one_of_each(), chunk_of(for_several_sessions(), 12)}) {
    for (std::size_t i = 0; i < bytes.size() * 8; ++i) {
      std::string bad = bytes;
      bad[i / 8] = static_cast<char>(bad[i / 8] ^ (1 << (i % 8)));
      EXPECT_FALSE(chunk_reader::open(bad, 12)) << "bit " << i;
    }
  }
}

TEST(Chunk, IsReadToNonsenseWithoutHarm) {
  for (const std::string& bytes : {one_of_each(), chunk_of(for_several_sessions(), 12)}) {
    for (std::size_t size = 0; size < bytes.size(); ++size) {
      auto r = chunk_reader::open_checked(std::string_view{bytes}.substr(0, size), 12);
      if (!r) continue;
      chunk_record record;
      std::uint32_t offset = 0;
      while (r->next(record, offset)) {
      }
      EXPECT_FALSE(r->is_complete());
    }
  }
}

TEST(Crc32c, HasThePublishedValue) {
  EXPECT_EQ(crc32c("123456789"), 0xE306'9283U);
  EXPECT_EQ(crc32c_portable("123456789"), 0xE306'9283U);
  EXPECT_EQ(crc32c("6789", crc32c("12345")), 0xE306'9283U);
  const std::string large(1'001, 'x');
  EXPECT_EQ(crc32c(large), crc32c_portable(large));
}

}  // namespace
}  // namespace godwit::store_rocksdb
