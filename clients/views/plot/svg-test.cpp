#include "clients/views/plot/page.hpp"
#include "clients/views/plot/svg.hpp"
#include "clients/views/report/timeline-json.hpp"
#include "clients/views/timeline/made-timeline.hpp"

#include <doctest/doctest.h>
#include <nlohmann/json.hpp>

using namespace upstart::client;
using namespace upstart::client::test;

namespace {

Timeline with_name(const std::string& name) { return {.now = ms(100), .runs = {service(name, 0, 50, {{1, "go"}})}}; }

std::string page_of(const Timeline& timeline) {
  return plot::as_page(plot_as_json(timeline, boot_of(timeline), {}), "a title");
}

} // namespace

TEST_CASE("a name is text in the picture whatever it is made of") {
  auto timeline = with_name("<b>&\"\x01");
  auto svg = plot::as_svg(plot::lay_out(timeline, boot_of(timeline), {}), "a < b");
  CHECK(svg.contains("&lt;b&gt;&amp;&quot;\xef\xbf\xbd"));
  CHECK(svg.contains("a &lt; b"));
  CHECK_FALSE(svg.contains("<b>"));
  CHECK_FALSE(svg.contains('\x01'));
}

TEST_CASE("the picture shows the job, its event, and how long it took") {
  auto timeline = with_name("web");
  auto svg = plot::as_svg(plot::lay_out(timeline, boot_of(timeline), {}), "t");
  CHECK(svg.starts_with("<svg "));
  CHECK(svg.contains(">web</text>"));
  CHECK(svg.contains("50ms · go"));
  CHECK(svg.contains(">event go</title>"));
}

TEST_CASE("a name cannot end the data of the page, and the page asks for nothing from elsewhere") {
  auto page = page_of(with_name("</script><!--<b>"));
  CHECK_FALSE(page.contains("</script><!--<b>"));
  CHECK_FALSE(page.contains("@DATA@"));
  CHECK_FALSE(page.contains("@TITLE@"));
  CHECK_FALSE(page.contains("https://"));
  CHECK_FALSE(page.contains("src="));
  auto begin = page.find(R"(type="application/json">)") + 24, end = page.find("</script>", begin);
  auto data = Json::parse(page.substr(begin, end - begin));
  CHECK(data["runs"][0]["job"] == "</script><!--<b>");
}
