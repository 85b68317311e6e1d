// The agent for Paho C; clients_driver.py describes what it takes and says.
#include <MQTTAsync.h>

#include <condition_variable>
#include <cstdio>
#include <cstdlib>
#include <functional>
#include <iostream>
#include <map>
#include <mutex>
#include <sstream>
#include <string>
#include <vector>

namespace {

using fields = std::vector<std::string>;

std::mutex say_mutex;

void say(const std::string& line) {
  const std::lock_guard lock{say_mutex};
  std::printf("%s\n", line.c_str());
  std::fflush(stdout);
}

fields split(const std::string& line) {
  fields out(1);
  for (const char c : line) {
    if (c == '\t') {
      out.emplace_back();
    } else {
      out.back() += c;
    }
  }
  return out;
}

std::string from_hex(const std::string& text) {
  std::string out;
  for (std::size_t i = 0; i + 1 < text.size(); i += 2) {
    out += static_cast<char>(std::stoi(text.substr(i, 2), nullptr, 16));
  }
  return out;
}

std::string to_hex(const std::string& bytes) {
  static constexpr char digits[] = "0123456789abcdef";
  std::string out;
  for (const char c : bytes) {
    const auto byte = static_cast<unsigned char>(c);
    out += digits[byte >> 4U];
    out += digits[byte & 15U];
  }
  return out;
}

/// One connection at a time; lives as long as the program. The library calls back on threads of its
/// own.
class agent {
 public:
  void connect(const fields& f) {
    const std::string uri = "tcp://127.0.0.1:" + f.at(1);
    require(MQTTAsync_create(&client_, uri.c_str(), f.at(2).c_str(), MQTTCLIENT_PERSISTENCE_NONE,
                             nullptr));
    require(MQTTAsync_setCallbacks(client_, this, on_lost, on_message, nullptr));
    MQTTAsync_connectOptions o = MQTTAsync_connectOptions_initializer;
    o.MQTTVersion = f.at(3) == "3" ? MQTTVERSION_3_1 : MQTTVERSION_3_1_1;
    o.cleansession = std::stoi(f.at(4));
    o.keepAliveInterval = std::stoi(f.at(5));
    MQTTAsync_willOptions will = MQTTAsync_willOptions_initializer;
    const std::string payload = from_hex(f.at(9));
    if (!f.at(6).empty()) {
      will.topicName = f.at(6).c_str();
      will.qos = std::stoi(f.at(7));
      will.retained = std::stoi(f.at(8));
      will.payload.data = payload.data();
      will.payload.len = static_cast<int>(payload.size());
      o.will = &will;
    }
    o.context = this;
    o.onSuccess = [](void*, MQTTAsync_successData* d) {
      say("connected\t" + std::to_string(d->alt.connect.sessionPresent));
    };
    o.onFailure = [](void*, MQTTAsync_failureData* d) {
      say("refused\t" + std::to_string(d->code));
    };
    require(MQTTAsync_connect(client_, &o));
  }

  void subscribe(const fields& f) {
    MQTTAsync_responseOptions o = answer();
    o.onSuccess = [](void*, MQTTAsync_successData* d) {
      say("subscribed\t" + std::to_string(d->alt.qos));
    };
    require(MQTTAsync_subscribe(client_, f.at(1).c_str(), std::stoi(f.at(2)), &o));
  }

  void unsubscribe(const fields& f) {
    MQTTAsync_responseOptions o = answer();
    o.onSuccess = [](void*, MQTTAsync_successData*) { say("unsubscribed"); };
    require(MQTTAsync_unsubscribe(client_, f.at(1).c_str(), &o));
  }

  void publish(const fields& f) {
    send(f.at(1), f.at(4).empty() ? "" : from_hex(f.at(4)), std::stoi(f.at(2)), std::stoi(f.at(3)));
    wait_below(1);
    say("published");
  }

  void sequence(const fields& f) {
    constexpr int window = 100;
    const int count = std::stoi(f.at(3));
    for (int i = 0; i < count; ++i) {
      wait_below(window);
      send(f.at(1), std::to_string(i), std::stoi(f.at(2)), 0);
    }
    wait_below(1);
    say("sequenced");
  }

  void disconnect(const fields&) {
    constexpr int patience_ms = 10'000;
    MQTTAsync_disconnectOptions o = MQTTAsync_disconnectOptions_initializer;
    o.timeout = patience_ms;
    o.onSuccess = [](void*, MQTTAsync_successData*) { say("disconnected"); };
    require(MQTTAsync_disconnect(client_, &o));
  }

 private:
  static void require(int code) {
    if (code == MQTTASYNC_SUCCESS) return;
    say("failed\t" + std::to_string(code));
    std::exit(1);
  }

  MQTTAsync_responseOptions answer() {
    MQTTAsync_responseOptions o = MQTTAsync_responseOptions_initializer;
    o.context = this;
    o.onFailure = [](void*, MQTTAsync_failureData* d) {
      say("failed\t" + std::to_string(d->code));
    };
    return o;
  }

  void send(const std::string& topic, const std::string& payload, int qos, int retained) {
    {
      const std::lock_guard lock{mutex_};
      ++under_way_;
    }
    MQTTAsync_responseOptions o = answer();
    o.onSuccess = [](void* self, MQTTAsync_successData*) {
      agent& a = *static_cast<agent*>(self);
      const std::lock_guard lock{a.mutex_};
      --a.under_way_;
      a.changed_.notify_all();
    };
    require(MQTTAsync_send(client_, topic.c_str(), static_cast<int>(payload.size()), payload.data(),
                           qos, retained, &o));
  }

  void wait_below(int limit) {
    std::unique_lock lock{mutex_};
    changed_.wait(lock, [&] { return under_way_ < limit; });
  }

  static void on_lost(void*, char*) { say("lost"); }

  static int on_message(void*, char* name, int size, MQTTAsync_message* m) {
    const std::string topic =
        size > 0 ? std::string(name, static_cast<std::size_t>(size)) : std::string(name);
    const std::string payload(static_cast<const char*>(m->payload),
                              static_cast<std::size_t>(m->payloadlen));
    std::ostringstream line;
    line << "message\t" << topic << '\t' << m->qos << '\t' << m->retained << '\t' << m->dup << '\t'
         << to_hex(payload);
    say(line.str());
    MQTTAsync_freeMessage(&m);
    MQTTAsync_free(name);
    return 1;
  }

  MQTTAsync client_ = nullptr;
  std::mutex mutex_;
  std::condition_variable changed_;
  int under_way_ = 0;
};

}  // namespace

int main() {
  agent a;
  const std::map<std::string, std::function<void(const fields&)>> commands{
      {"connect", [&](const fields& f) { a.connect(f); }},
      {"subscribe", [&](const fields& f) { a.subscribe(f); }},
      {"unsubscribe", [&](const fields& f) { a.unsubscribe(f); }},
      {"publish", [&](const fields& f) { a.publish(f); }},
      {"sequence", [&](const fields& f) { a.sequence(f); }},
      {"disconnect", [&](const fields& f) { a.disconnect(f); }},
  };
  for (std::string line; std::getline(std::cin, line);) {
    const fields f = split(line);
    commands.at(f.front())(f);
  }
}
