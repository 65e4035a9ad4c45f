#include "clients/views/plot/page.hpp"

#include "clients/views/plot/svg.hpp"

#include "generated/page-html.hpp"

#include <nlohmann/json.hpp>

namespace upstart::client::plot {

namespace {

void replace_all(std::string& text, std::string_view word, std::string_view with) {
  for (auto at = text.find(word); at != std::string::npos; at = text.find(word, at + with.size()))
    text.replace(at, word.size(), with);
}

} // namespace

std::string as_page(const Json& data, std::string_view title) {
  auto json = data.dump(-1, ' ', true, Json::error_handler_t::replace);
  replace_all(json, "</", "<\\/"); // no name ends the script
  replace_all(json, "<!--", "<\\u0021--");
  std::string page{page_html};
  replace_all(page, "@TITLE@", escaped_for_xml(title));
  replace_all(page, "@DATA@", json);
  return page;
}

} // namespace upstart::client::plot
