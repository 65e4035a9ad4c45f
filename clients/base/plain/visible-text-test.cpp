#include "clients/base/plain/visible-text.hpp"

#include <doctest/doctest.h>

using namespace upstart::client;

TEST_CASE("control characters of a value are shown, not sent") {
  CHECK(visible("esc\x1b[32m") == "esc\\x1b[32m");
  CHECK(visible("A=one\ntwo\tthree\r\x7f") == "A=one\\x0atwo\\x09three\\x0d\\x7f");
  CHECK(visible("c1 \xc2\x9b"
                "31m") == "c1 \\xc2\\x9b31m");
}

TEST_CASE("other characters stay, also those that are no UTF-8") {
  CHECK(visible("Tür 日本 \\x1b") == "Tür 日本 \\x1b");
  CHECK(visible("\xc2") == "\xc2");
  CHECK(visible("\xff\xc2\xa0") == "\xff\xc2\xa0");
}

TEST_CASE("of lines the newlines and tabs stay") {
  CHECK(visible_lines("web (a\x1b[2J) start/running\n\tpost-start process 7\n") ==
        "web (a\\x1b[2J) start/running\n\tpost-start process 7\n");
}
