#include "relay.hpp"

#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <exception>
#include <thread>

/// godwit-relay PORT: the floor under every figure of the benchmark. Serves until SIGTERM.
int main(int argc, char** argv) {
  if (argc != 2) {
    std::fputs("usage: godwit-relay PORT\n", stderr);
    return 2;
  }
  try {
    sigset_t ending;
    sigemptyset(&ending);
    sigaddset(&ending, SIGTERM);
    sigaddset(&ending, SIGINT);
    pthread_sigmask(SIG_BLOCK, &ending, nullptr);
    godwit::bench::relay relay{static_cast<std::uint16_t>(std::strtoul(argv[1], nullptr, 10))};
    std::atomic<bool> stop{false};
    std::jthread serving{[&] { relay.run(stop); }};
    int signal = 0;
    sigwait(&ending, &signal);
    stop = true;
    return 0;
  } catch (const std::exception& error) {
    std::fprintf(stderr, "godwit-relay: %s\n", error.what());
    return 2;
  }
}
