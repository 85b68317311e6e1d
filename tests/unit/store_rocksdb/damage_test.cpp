#include "codec.hpp"
#include "crash_file_system.hpp"
#include "database.hpp"
#include "describe.hpp"
#include "opened_store.hpp"
#include "quarantine.hpp"
#include "random_batches.hpp"
#include "temporary_directory.hpp"

#include <godwit/store_rocksdb/tools.hpp>

#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <functional>
#include <map>

namespace godwit::test {
namespace {

namespace fs = std::filesystem;

/// A store of some history, part of it in tables, part in the log: as a kill leaves it, and started
/// once more and closed.
struct used_store {
  temporary_directory directory;
  std::string sound;

  explicit used_store(std::uint64_t seed) {
    random_batches batches{seed};
    const auto disk = std::make_shared<crash_file_system>();
    {
      opened_store s{small_options(directory / "killed"), {.file_system = disk}};
      std::ignore = describe(*s);
      // Whatever the committer takes together, there are at least twenty commits.
      for (int i = 0; i < 400; ++i) {
        if (i % 20 == 0) {
          s.commit(batches.next());
        } else {
          std::ignore = s->submit(batches.next());
        }
      }
      s.commit(batches.next());
      disk->power_off();  // nothing that closing does reaches the disk
    }
    fs::copy(directory / "killed", directory / "clean", fs::copy_options::recursive);
    opened_store s{small_options(directory / "clean")};
    sound = describe(*s);
    s.commit({store::committed{}});
  }
};

std::vector<fs::path> files_of(const std::string& directory) {
  std::vector<fs::path> files;
  for (const auto& f : fs::recursive_directory_iterator{directory}) {
    if (f.is_regular_file() && f.file_size() != 0 && f.path().filename() != "lock") {
      files.push_back(f.path());
    }
  }
  std::sort(files.begin(), files.end());
  return files;
}

void flip(const fs::path& path, std::uint64_t bit) {
  std::fstream file{path, std::ios::in | std::ios::out | std::ios::binary};
  file.seekg(static_cast<std::streamoff>(bit / 8));
  const int byte = file.get();
  file.seekp(static_cast<std::streamoff>(bit / 8));
  file.put(static_cast<char>(byte ^ (1 << (bit % 8))));
}

/// Thousands in the long run (GODWIT_FLIPS).
std::size_t flips() {
  const char* const wanted = std::getenv("GODWIT_FLIPS");
  return wanted == nullptr ? 150 : std::strtoul(wanted, nullptr, 10);
}

class FlippedBits : public ::testing::TestWithParam<const char*> {};

TEST_P(FlippedBits, ChangeNothingOrStopTheStart) {
  const used_store made{11};
  const std::string original = made.directory / GetParam();
  random_source random{1};
  std::size_t refused = 0;
  for (std::size_t i = 0; i < flips(); ++i) {
    const std::string copy = made.directory / "copy";
    fs::remove_all(copy);
    fs::copy(original, copy, fs::copy_options::recursive);
    const std::vector<fs::path> files = files_of(copy);
    const fs::path& file = files[random.below(files.size())];
    const std::uint64_t bit = random.below(fs::file_size(file) * 8);
    SCOPED_TRACE(file.string() + " bit " + std::to_string(bit));
    flip(file, bit);
    try {
      opened_store s{small_options(copy)};
      EXPECT_EQ(describe(*s), made.sound);
    } catch (const store_rocksdb::open_failed& e) {
      ++refused;
      EXPECT_EQ(e.why(), store_rocksdb::open_error::damaged) << e.what();
      EXPECT_FALSE(e.report().empty());
      EXPECT_TRUE(!e.report().missing_chunks.empty() || !e.report().places.empty()) << e.what();
    }
  }
  EXPECT_GT(refused, flips() / 10);
}

INSTANTIATE_TEST_SUITE_P(Stores, FlippedBits, ::testing::Values("clean", "killed"));

/// The newest log of a store.
fs::path last_log(const std::string& directory) {
  fs::path found;
  for (const auto& f : files_of(directory)) {
    if (f.extension() == ".log" && (found.empty() || f > found)) found = f;
  }
  return found;
}

TEST(Damage, OpensQuietlyAfterATornTail) {
  const used_store made{12};
  const fs::path log = last_log(made.directory / "killed");
  std::ofstream{log, std::ios::app | std::ios::binary} << std::string(300, '\x5a');
  opened_store s{small_options(made.directory / "killed")};
  EXPECT_EQ(describe(*s), made.sound);
}

/// One session, and a chunk for each of its 20 messages: chunk 1 opens the session.
void fill(const store_rocksdb::options& o) {
  opened_store s{o};
  std::ignore = describe(*s);
  s.commit({store::session_opened{store::session_number{7}, "phone", {}}});
  for (std::uint64_t i = 1; i <= 20; ++i) {
    mqtt::message_fields f;
    f.number = mqtt::message_number{i};
    f.topic = "t";
    store::enqueued e;
    e.session = store::session_number{7};
    e.position = store::log_position{i};
    e.message = mqtt::message::make(f);
    s.commit({e});
  }
}

/// What `change` does with RocksDB alone.
void write_rows(const store_rocksdb::options& o,
                const std::function<void(store_rocksdb::database&, rocksdb::WriteBatch&)>& change) {
  std::unique_ptr<store_rocksdb::database> db;
  const auto opened =
      store_rocksdb::database::open(o.directory + "/db", o, {}, store_rocksdb::access::read_write,
                                    store_rocksdb::log_end::strict, db);
  ASSERT_TRUE(opened.ok()) << opened.ToString();
  rocksdb::WriteBatch batch;
  change(*db, batch);
  ASSERT_TRUE(db->db().Write({}, &batch).ok());
  ASSERT_TRUE(db->close().ok());
}

TEST(Damage, NamesTheSessionsWhosePositionsHaveAGap) {
  const temporary_directory d;
  const store_rocksdb::options o = small_options(d / "s");
  fill(o);
  // Chunk 2 holds the first message, because the session has chunk 1.
  write_rows(o, [](auto& db, auto& batch) {
    for (const std::uint64_t chunk : {9U, 10U, 15U}) {
      ASSERT_TRUE(batch.Delete(db.journal(), store_rocksdb::key_of(chunk)).ok());
    }
  });
  try {
    opened_store s{o};
    FAIL() << "it opened";
  } catch (const store_rocksdb::open_failed& e) {
    ASSERT_EQ(e.why(), store_rocksdb::open_error::damaged);
    const auto& report = e.report();
    ASSERT_EQ(report.missing_chunks.size(), 2U) << e.what();
    EXPECT_EQ(report.missing_chunks[0].first, 9U);
    EXPECT_EQ(report.missing_chunks[0].last, 10U);
    EXPECT_EQ(report.missing_chunks[1].first, 15U);
    ASSERT_EQ(report.gaps.size(), 2U) << e.what();
    EXPECT_EQ(report.gaps[0].client_id, "phone");
    EXPECT_EQ(report.gaps[0].first_position, 8U);
    EXPECT_EQ(report.gaps[0].last_position, 9U);
    EXPECT_EQ(report.gaps[1].first_position, 14U);
    EXPECT_EQ(report.gaps[1].last_position, 14U);
    EXPECT_TRUE(report.others_possible);
    const std::string text = e.what();
    EXPECT_NE(text.find("phone"), std::string::npos) << text;
  }
}

TEST(Damage, ALaterSchemaIsRefused) {
  const temporary_directory d;
  const store_rocksdb::options o = small_options(d / "s");
  fill(o);
  write_rows(o, [](auto& db, auto& batch) {
    std::string value;
    store_rocksdb::append_integers(value, std::uint8_t{1}, store_rocksdb::schema + 1);
    ASSERT_TRUE(batch.Put(db.meta(), "schema", value).ok());
  });
  try {
    opened_store s{o};
    FAIL() << "it opened";
  } catch (const store_rocksdb::open_failed& e) {
    EXPECT_EQ(e.why(), store_rocksdb::open_error::newer_schema);
    const std::string text = e.what();
    EXPECT_NE(text.find("its schema is " + std::to_string(store_rocksdb::schema + 1)),
              std::string::npos)
        << text;
  }
}

/// Earlier schemas are this one without some forms, and none of these is in here.
TEST(Damage, NoneIsSeenInAStoreOfAnEarlierSchemaWhichBecomesOneOfThisSchema) {
  for (const std::uint32_t earlier : {1U, 2U, 3U}) {
    const temporary_directory d;
    const store_rocksdb::options o = small_options(d / "s");
    fill(o);
    const std::string sound = [&] {
      opened_store s{o};
      return describe(*s);
    }();
    write_rows(o, [earlier](auto& db, auto& batch) {
      std::string value;
      store_rocksdb::append_integers(value, std::uint8_t{1}, earlier);
      ASSERT_TRUE(batch.Put(db.meta(), "schema", value).ok());
    });
    EXPECT_EQ(store_rocksdb::stats(o.directory).schema, earlier);
    {
      opened_store s{o};
      EXPECT_EQ(describe(*s), sound);
    }
    EXPECT_EQ(store_rocksdb::stats(o.directory).schema, store_rocksdb::schema);
  }
}

TEST(Damage, IsReportedWithFileOffsetAndChunks) {
  const temporary_directory d;
  const store_rocksdb::options o = small_options(d / "s");
  fill(o);
  const fs::path log = last_log(o.directory);
  const std::uint64_t middle = fs::file_size(log) / 2;
  flip(log, middle * 8);
  try {
    opened_store s{o};
    FAIL() << "it opened";
  } catch (const store_rocksdb::open_failed& e) {
    ASSERT_EQ(e.why(), store_rocksdb::open_error::damaged);
    const auto& report = e.report();
    ASSERT_EQ(report.missing_chunks.size(), 1U) << e.what();
    EXPECT_EQ(report.missing_chunks[0].last, 21U);
    EXPECT_GT(report.missing_chunks[0].first, 5U);
    EXPECT_TRUE(report.others_possible);
    bool has_place = false;
    for (const auto& p : report.places) {
      if (p.file != log.string()) continue;
      has_place = p.offset && *p.offset <= middle && middle < *p.offset + 400;
    }
    EXPECT_TRUE(has_place) << e.what();
  }
}

TEST(Damage, IsMovedAsideIfAskedTo) {
  const used_store made{14};
  const std::string killed = made.directory / "killed";
  const fs::path log = last_log(killed);
  flip(log, fs::file_size(log) * 4);
  store_rocksdb::options o = small_options(killed);
  EXPECT_THROW(opened_store{o}, store_rocksdb::open_failed);
  o.damage = store_rocksdb::on_damage::quarantine;
  std::string rescued;
  {
    opened_store s{o};
    EXPECT_TRUE(s.logged("store.quarantined"));
    EXPECT_TRUE(s.logged("store.damaged"));
    rescued = describe(*s);
    EXPECT_NE(rescued.find("session"), std::string::npos);
  }
  EXPECT_TRUE(fs::exists(killed + "/quarantine-1/db/CURRENT"));
  opened_store s{small_options(killed)};
  EXPECT_EQ(describe(*s), rescued);
}

/// The process may stop before it opens what it has moved into place.
TEST(Damage, WhatTakesItsPlaceSaysItsSchemaFromTheStart) {
  const used_store made{14};
  const std::string killed = made.directory / "killed";
  const fs::path log = last_log(killed);
  flip(log, fs::file_size(log) * 4);
  const store_rocksdb::options o = small_options(killed);
  auto found = store_rocksdb::inspect(killed, o, {});
  ASSERT_FALSE(found.damage.empty());
  std::ignore = store_rocksdb::quarantine(killed, o, {}, std::move(found));
  EXPECT_EQ(store_rocksdb::stats(killed).schema, store_rocksdb::schema);
}

TEST(Damage, OfALogThatIsGoneIsNotAnEmptyStore) {
  const used_store made{13};
  const std::string killed = made.directory / "killed";
  fs::remove(killed + "/db/CURRENT");
  EXPECT_THROW(opened_store{small_options(killed)}, store_rocksdb::open_failed);
}

}  // namespace
}  // namespace godwit::test
