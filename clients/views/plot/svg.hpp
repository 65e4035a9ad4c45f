// A plot as one SVG document: no script, no font of its own, nothing from elsewhere.
#pragma once

#include "clients/views/plot/layout.hpp"

namespace upstart::client::plot {

// `title` stands above it.
[[nodiscard]] std::string as_svg(const Layout& layout, std::string_view title);

// Text for XML and HTML; characters that XML does not know become U+FFFD.
[[nodiscard]] std::string escaped_for_xml(std::string_view text);

} // namespace upstart::client::plot
