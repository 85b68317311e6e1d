#include "crash_file_system.hpp"

#include <filesystem>
#include <fstream>

namespace godwit::test {

using rocksdb::IODebugContext;
using rocksdb::IOOptions;
using rocksdb::IOStatus;

namespace {

class counted_file final : public rocksdb::FSWritableFileOwnerWrapper {
 public:
  counted_file(std::unique_ptr<rocksdb::FSWritableFile>&& file, std::string name,
               crash_file_system& owner)
      : rocksdb::FSWritableFileOwnerWrapper{std::move(file)},
        name_{std::move(name)},
        owner_{owner} {}

  IOStatus Append(const rocksdb::Slice& data, const IOOptions& how,
                  IODebugContext* context) override {
    const IOStatus s = owner_.count("write");
    return s.ok() ? FSWritableFileOwnerWrapper::Append(data, how, context) : s;
  }
  IOStatus Append(const rocksdb::Slice& data, const IOOptions& how,
                  const rocksdb::DataVerificationInfo& /*check*/,
                  IODebugContext* context) override {
    return Append(data, how, context);
  }
  IOStatus Sync(const IOOptions& how, IODebugContext* context) override {
    const IOStatus s = owner_.count("sync");
    if (!s.ok()) return s;
    const std::uint64_t size = GetFileSize(how, context);
    IOStatus done = FSWritableFileOwnerWrapper::Flush(how, context);
    // What the test simulates is a loss; the real disk need not be waited for.
    if (done.ok()) owner_.synced(name_, size);
    return done;
  }
  IOStatus Fsync(const IOOptions& how, IODebugContext* context) override {
    return Sync(how, context);
  }

 private:
  std::string name_;
  crash_file_system& owner_;
};

}  // namespace

void crash_file_system::fail_at(std::uint64_t n) {
  operations_.store(0);
  fail_at_.store(n);
}

IOStatus crash_file_system::count(const char* what) {
  if (is_off_.load()) return IOStatus::IOError("the power is off");
  if (operations_.fetch_add(1) + 1 == fail_at_.load()) {
    return IOStatus::IOError(std::string{what} + " failed as the test wants it");
  }
  return IOStatus::OK();
}

void crash_file_system::synced(const std::string& name, std::uint64_t size) {
  const std::scoped_lock guard{lock_};
  synced_[name] = size;
}

IOStatus crash_file_system::NewWritableFile(const std::string& name,
                                            const rocksdb::FileOptions& how,
                                            std::unique_ptr<rocksdb::FSWritableFile>* to,
                                            IODebugContext* context) {
  IOStatus s = count("creation");
  if (!s.ok()) return s;
  std::unique_ptr<rocksdb::FSWritableFile> file;
  s = FileSystemWrapper::NewWritableFile(name, how, &file, context);
  if (!s.ok()) return s;
  synced(name, 0);
  *to = std::make_unique<counted_file>(std::move(file), name, *this);
  return s;
}

IOStatus crash_file_system::RenameFile(const std::string& from, const std::string& to,
                                       const IOOptions& how, IODebugContext* context) {
  IOStatus s = count("rename");
  if (s.ok()) s = FileSystemWrapper::RenameFile(from, to, how, context);
  if (!s.ok()) return s;
  const std::scoped_lock guard{lock_};
  if (const auto at = synced_.find(from); at != synced_.end()) {
    synced_[to] = at->second;
    synced_.erase(at);
  }
  return s;
}

IOStatus crash_file_system::DeleteFile(const std::string& name, const IOOptions& how,
                                       IODebugContext* context) {
  IOStatus s = count("deletion");
  if (s.ok()) s = FileSystemWrapper::DeleteFile(name, how, context);
  if (!s.ok()) return s;
  const std::scoped_lock guard{lock_};
  synced_.erase(name);
  return s;
}

void crash_file_system::power_on(std::uint32_t kept, std::uint32_t torn) {
  const std::scoped_lock guard{lock_};
  for (const auto& [name, size] : synced_) {
    std::error_code gone;
    const std::uint64_t all = std::filesystem::file_size(name, gone);
    if (gone || all <= size) continue;
    const std::uint64_t left = size + (all - size) * kept / 256;
    std::filesystem::resize_file(name, left);
    if (left == size || torn == 0) continue;
    std::fstream file{name, std::ios::in | std::ios::out | std::ios::binary};
    const std::uint64_t noise = std::min<std::uint64_t>(torn, left - size);
    file.seekp(static_cast<std::streamoff>(left - noise));
    for (std::uint64_t i = 0; i < noise; ++i) file.put(static_cast<char>(i * 37 + torn));
  }
  synced_.clear();
  is_off_.store(false);
  fail_at_.store(0);
}

}  // namespace godwit::test
