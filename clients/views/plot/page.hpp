// A plot as one HTML page that needs nothing else: zoom, filter, a table beside it (page.html, whose data this puts
// in).
#pragma once

#include "clients/base/json.hpp"

#include <string>
#include <string_view>

namespace upstart::client::plot {

// `data` as plot_as_json makes it.
[[nodiscard]] std::string as_page(const Json& data, std::string_view title);

} // namespace upstart::client::plot
