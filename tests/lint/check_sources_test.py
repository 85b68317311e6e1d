#!/usr/bin/env python3
"""Shows that check_sources.py finds each kind of violation, and finds none where there is none."""

import tempfile
import unittest
from pathlib import Path

import check_sources

CLEAN_HEADER = "#pragma once\n\n#include <cstdint>\n"


class CheckSources(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.TemporaryDirectory()
        self.addCleanup(self.folder.cleanup)
        self.root = Path(self.folder.name)

    def write(self, path, text):
        file = self.root / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, encoding="utf-8")

    def check(self):
        checker = check_sources.Checker(self.root)
        checker.run()
        return checker

    def expect_error(self, path, text, words):
        self.write(path, text)
        errors = self.check().errors
        self.assertEqual(len(errors), 1, errors)
        self.assertIn(words, errors[0])
        self.assertTrue(errors[0].startswith(path), errors[0])

    def expect_clean(self, path, text):
        self.write(path, text)
        self.assertEqual(self.check().errors, [])

    def test_a_clean_tree_passes(self):
        self.write("include/godwit/base/x.hpp", CLEAN_HEADER)
        self.write("src/base/own.hpp", CLEAN_HEADER)
        self.write("src/base/CMakeLists.txt", "godwit_module(base SOURCES x.cpp)\n")
        self.expect_clean("src/base/x.cpp", '#include "own.hpp"\n#include <godwit/base/x.hpp>\n')

    def test_the_layers_have_no_cycle_and_include_what_their_parts_include(self):
        seen = []
        for module, below in check_sources.LAYERS.items():
            self.assertTrue(below <= set(seen) | {"base"}, module)
            seen.append(module)

    def test_include_against_the_layers(self):
        self.expect_error("src/routing/x.cpp", "#include <godwit/session/y.hpp>\n",
                          "routing must not include session")

    def test_include_upwards_in_a_header(self):
        self.expect_error("include/godwit/base/x.hpp",
                          CLEAN_HEADER + "#  include <godwit/mqtt/y.hpp>\n",
                          "base must not include mqtt")

    def test_link_against_the_layers(self):
        self.expect_error("src/session/CMakeLists.txt",
                          "godwit_module(session SOURCES x.cpp LINKS godwit_store godwit_routing)",
                          "session must not link routing")

    def test_unknown_module(self):
        self.expect_error("src/helpers/x.cpp", "", "not in the list of layers")

    def test_config_sees_options_only(self):
        self.expect_clean("include/godwit/config/x.hpp",
                          CLEAN_HEADER + "#include <godwit/net/options.hpp>\n")
        self.expect_error("src/config/x.cpp", "#include <godwit/net/listener.hpp>\n",
                          "config must not include net")

    def test_daemon_may_include_everything(self):
        self.expect_clean("src/daemon/x.cpp", "#include <godwit/net/a.hpp>\n#include <thread>\n"
                          "#include <godwit/config/b.hpp>\n#include <boost/asio/io_context.hpp>\n")

    def test_third_party_code_in_the_wrong_place(self):
        for path, include in [
                ("src/broker/x.cpp", "boost/asio/ip/tcp.hpp"),
                ("src/broker/x.cpp", "thread"),
                ("src/session/x.cpp", "mutex"),
                ("src/store/x.cpp", "fstream"),
                ("src/mqtt/x.cpp", "sys/socket.h"),
                ("src/mqtt/x.cpp", "boost/beast/http.hpp"),
                ("include/godwit/observe/x.hpp", "spdlog/spdlog.h"),
                ("src/net/x.cpp", "spdlog/spdlog.h"),
                ("src/daemon/x.cpp", "yaml-cpp/yaml.h"),
                ("include/godwit/auth/x.hpp", "openssl/evp.h"),
                ("src/session/x.cpp", "openssl/evp.h")]:
            with self.subTest(path=path, include=include):
                self.expect_error(path, f"#pragma once\n#include <{include}>\n",
                                  f"<{include}> only in")
                (self.root / path).unlink()

    def test_third_party_code_in_its_place(self):
        for path, include in [
                ("src/net/x.cpp", "boost/asio/ip/tcp.hpp"),
                ("src/net/y.cpp", "openssl/ssl.h"),
                ("src/auth/x.cpp", "openssl/evp.h"),
                ("src/observe/x.cpp", "spdlog/async_logger.h"),
                ("src/config/x.cpp", "yaml-cpp/yaml.h"),
                ("src/session/x.cpp", "boost/unordered/unordered_flat_map.hpp")]:
            self.expect_clean(path, f"#include <{include}>\n")

    def test_a_private_header_of_another_module(self):
        self.write("src/mqtt/wire.hpp", CLEAN_HEADER)
        self.expect_error("src/session/x.cpp", '#include "../mqtt/wire.hpp"\n', "quotes are for")

    def test_a_private_header_in_a_public_one(self):
        self.write("include/godwit/base/y.hpp", CLEAN_HEADER)
        self.expect_error("include/godwit/base/x.hpp", '#pragma once\n#include "y.hpp"\n',
                          "quotes are for")

    def test_a_clock_that_is_read(self):
        code = "auto t = std::chrono::steady_clock::now();\n"
        self.expect_clean("src/net/x.cpp", code)
        self.expect_error("src/broker/x.cpp", code, "the time is an argument")

    def test_sleep(self):
        self.expect_error("src/session/x.cpp", "std::this_thread::sleep_for(1s);\n", "may wait")

    def test_words_that_stand_nowhere(self):
        self.expect_error("src/net/x.cpp", "thread_local int x = 10'000;\n", "no thread_local")
        self.expect_error("src/net/x.cpp", "class a : enable_shared_from_this<a> {};\n",
                          "no shared_from_this")

    def test_using_namespace_in_a_header(self):
        self.expect_error("include/godwit/base/x.hpp", CLEAN_HEADER + "using namespace std;\n",
                          "no using namespace")

    def test_comments_and_literals_are_not_code(self):
        self.expect_clean("src/base/x.cpp",
                          "// never ::now() here\n/* thread_local\n */\n"
                          "auto s = \"sleep_for \\\" ::now()\";\nauto c = '\"';\n"
                          "auto r = R\"(::now())\";\nint n = 1'000;\n")

    def test_code_after_a_digit_separator_is_seen(self):
        self.expect_error("src/base/x.cpp", "int n = 1'000; auto t = c::now(); int m = 2'000;\n",
                          "the time is an argument")

    def test_missing_pragma_once(self):
        self.expect_error("src/base/x.hpp", "#include <cstdint>\n", "no #pragma once")

    def test_file_names(self):
        self.expect_error("src/base/MyFile.cpp", "", "snake_case")

    def test_long_lines_count_characters(self):
        self.expect_clean("src/base/x.cpp", "// " + "µ" * 97 + "\n")
        self.expect_error("src/base/x.cpp", "// " + "µ" * 98 + "\n", "101 columns")

    def test_long_files(self):
        self.write("src/base/x.cpp", "\n" * 301)
        checker = self.check()
        self.assertEqual(checker.errors, [])
        self.assertEqual(len(checker.warnings), 1)
        self.expect_error("src/base/x.cpp", "\n" * 501, "501 lines")

    def test_unfinished_work(self):
        self.expect_error("docs/x.md", "a TO" "DO list\n", "unfinished")

    def test_a_path_of_the_workplace(self):
        self.expect_error("tests/x.py", "cd /wor" "k/main\n", "a path of the machine")
        self.expect_clean("tests/x.py", "cd framework/wor" "k/main\n")

    def test_what_is_built_is_not_looked_at(self):
        self.write("build/dev/src/x.md", "TO" "DO\n")
        self.expect_clean("src/base/x.cpp", "")

    def test_a_header_that_does_not_compile_alone(self):
        self.write("include/godwit/base/good.hpp", CLEAN_HEADER + "std::int32_t x();\n")
        self.assertEqual(check_sources.compile_headers(self.root, ["c++"]), [])
        self.write("include/godwit/base/bad.hpp", "#pragma once\nstd::string x();\n")
        self.assertEqual(len(check_sources.compile_headers(self.root, ["c++"])), 1)


if __name__ == "__main__":
    unittest.main()
