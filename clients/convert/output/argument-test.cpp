#include "clients/convert/output/argument.hpp"

#include "clients/convert/testing/converted.hpp"

using namespace upstart::convert;

TEST_CASE("an argument is quoted where it must be") {
  CHECK(as_argument("/srv/app") == "/srv/app");
  CHECK(as_argument("/srv/my app") == "\"/srv/my app\"");
  CHECK(as_argument("a#b") == "\"a#b\"");
  CHECK(as_argument("") == "\"\"");
  CHECK(as_argument("a\\b") == "\"a\\\\b\"");
  CHECK(as_argument("it's") == "\"it's\"");
  CHECK(as_argument("\"x\"") == "'\"x\"'");
  CHECK(as_argument("it's \"x\"") == "\"it's \"'\"x\"'");
  CHECK(as_argument("a\nb") == std::nullopt);
}

TEST_CASE("an argument, whatever is in it, is one for the job language") {
  for (const char* text : {"/srv/my app", "a#b", "a\\", "\\ b", "it's \"x\"", "(", "\"", "'\"'", "a  b\t"}) {
    CAPTURE(text);
    testing::check_text("chdir /" + as_argument(text).value() + "\nexec /bin/true\n");
  }
}
