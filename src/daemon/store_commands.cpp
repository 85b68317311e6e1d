#include "store_commands.hpp"

#include "control_path.hpp"
#include "open_store.hpp"

#include <godwit/admin/control_server.hpp>
#include <godwit/store_rocksdb/tools.hpp>

#include <boost/json.hpp>

#include <cstdio>
#include <filesystem>
#include <stdexcept>

namespace godwit::daemon {

namespace {

namespace fs = std::filesystem;
using task = command_line::task;

void print(const std::string& text) {
  std::fputs(text.c_str(), stdout);
}

std::string row(std::string_view name, const std::string& value) {
  std::string out{name};
  out.resize(20, ' ');
  return out + value + "\n";
}
std::string row(std::string_view name, std::uint64_t value) {
  return row(name, std::to_string(value));
}

std::string describe(const store_rocksdb::store_stats& s) {
  return row("store", s.uuid) + row("schema", s.schema) +
         row("journal chunks", s.last_chunk == 0 ? std::string{"none"}
                                                 : std::to_string(s.first_chunk) + " to " +
                                                       std::to_string(s.last_chunk)) +
         row("journal bytes", s.journal_bytes) + row("of them live", s.live_bytes) +
         row("bytes on disk", s.disk_bytes) + row("sessions", s.sessions) +
         row("subscriptions", s.subscriptions) + row("queued messages", s.entries) +
         row("message bodies", s.bodies) + row("retained messages", s.retained) +
         row("wills", s.wills) + row("QoS 2 ids", s.qos2_ids);
}

exit_status verify(const std::string& directory) {
  const store_rocksdb::verify_report found = store_rocksdb::verify(directory);
  print(describe(found.stats));
  if (found.torn_tail) {
    print(
        "The last commit was cut off before anything in it was acknowledged; the next start drops "
        "it.\n");
  }
  if (found.damage.empty()) {
    print("OK: no damage\n");
    return exit_status::ended;
  }
  print(found.damage.text() + "\n");
  return exit_status::failed;
}

/// The godwitd that runs on the store makes the copy, if one does.
exit_status back_up(const std::string& directory, const std::string& socket,
                    const std::string& to) {
  const std::string target = fs::absolute(to).string();
  std::string answer;
  const boost::json::object request{{"do", "backup"}, {"to", target}};
  const bool runs =
      !socket.empty() && admin::ask_control(socket, boost::json::serialize(request),
                                            [&](std::string_view line) { answer = line; });
  if (!runs) {
    make_private_directory(fs::path{target}.parent_path().string());
    store_rocksdb::backup(directory, target);
  } else if (!answer.starts_with("{\"done\"")) {
    throw std::runtime_error("the running godwitd: " + (answer.empty() ? "no answer" : answer));
  }
  print("OK: " + target + "\n");
  return exit_status::ended;
}

/// The store that was there stays beside the new one.
exit_status restore(const std::string& directory, const std::string& from) {
  const std::string made = directory + ".restoring";
  const std::string old = directory + ".before-restore";
  for (const std::string& path : {made, old}) {
    if (fs::exists(path)) throw std::runtime_error(path + " exists already; move it away");
  }
  const bool had_one = fs::exists(directory) && !fs::is_empty(directory);
  if (had_one) static_cast<void>(store_rocksdb::stats(directory));  // fails if it is in use
  make_private_directory(fs::path{made}.parent_path().string());
  store_rocksdb::restore(fs::absolute(from).string(), made);
  if (had_one) {
    fs::rename(directory, old);
  } else if (fs::exists(directory)) {
    fs::remove(directory);
  }
  fs::rename(made, directory);
  print("OK: " + directory + "\n");
  if (had_one) print("The store that was there is now " + old + "\n");
  return exit_status::ended;
}

}  // namespace

exit_status run_store_command(const command_line& line, const config::loaded& file) {
  const std::string directory = store_directory(line, file.value.store);
  try {
    switch (line.what) {
      case task::store_verify:
        return verify(directory);
      case task::store_stats:
        print(describe(store_rocksdb::stats(directory)));
        return exit_status::ended;
      case task::store_backup:
        return back_up(directory, control_path_of(file.value, line.store_directory), line.backup);
      case task::store_restore:
        return restore(directory, line.backup);
      case task::run:
      case task::check:
      case task::print_effective:
      case task::version:
      case task::help:
        break;
    }
  } catch (const std::exception& e) {
    std::fprintf(stderr, "godwitd: %s: %s\n", directory.c_str(), e.what());
    return exit_status::failed;
  }
  GODWIT_ASSERT(false);
}

}  // namespace godwit::daemon
