#include "clients/views/plot/svg.hpp"

#include <array>
#include <format>

namespace upstart::client::plot {

namespace {

constexpr std::string_view style = R"(<style>
text { font: 11px system-ui, sans-serif; fill: #24292f }
.title { font-size: 15px; font-weight: 600 }
.axis, .note, .mark-name { fill: #57606a }
.note { paint-order: stroke; stroke: #fff; stroke-width: 2px; stroke-opacity: .8 }
.grid { stroke: #d8dee4 }
.stripe { fill: #f6f8fa }
.waiting { fill: #eac54f }
.hook { fill: #c297ff }
.spawning { fill: #54aeff }
.running { fill: #aceebb }
.ending { fill: #ffb77c }
.failed { fill: none; stroke: #cf222e; stroke-width: 1.5; stroke-dasharray: 4 2 }
.critical-bar { fill: none; stroke: #cf222e; stroke-width: 1.5 }
.critical-name { fill: #cf222e; font-weight: 600 }
.mark { fill: #0969da }
.arrow { fill: none; stroke: #8c959f; stroke-width: 1; opacity: .55 }
.before { stroke-dasharray: 2 3 }
.critical { stroke: #cf222e; stroke-width: 1.5; opacity: .9 }
</style>
<defs>
<marker id="head" viewBox="0 0 6 6" refX="6" refY="3" markerWidth="5" markerHeight="5" orient="auto"><path d="M0 0L6 3L0 6z" fill="#8c959f"/></marker>
<marker id="critical-head" viewBox="0 0 6 6" refX="6" refY="3" markerWidth="5" markerHeight="5" orient="auto"><path d="M0 0L6 3L0 6z" fill="#cf222e"/></marker>
</defs>
)";

std::string_view class_of(Part part) {
  switch (part) {
  case Part::waiting: return "waiting";
  case Part::hook: return "hook";
  case Part::spawning: return "spawning";
  case Part::running: return "running";
  case Part::ending: return "ending";
  }
  return "";
}

std::string text_at(double x, double y, std::string_view attributes, std::string_view text) {
  return std::format("<text x=\"{:.1f}\" y=\"{:.1f}\" {}>{}</text>\n", x, y, attributes, escaped_for_xml(text));
}

std::string legend(double x) {
  struct Entry {
    std::string_view css, text;
  };
  constexpr std::array entries{
      Entry{"waiting", "waits for its starting event"}, Entry{"hook", "a process beside the main one (pre-start, …)"},
      Entry{"spawning", "main process starts"}, Entry{"running", "running"}, Entry{"ending", "stopping"}};
  std::string svg;
  for (const auto& [css, text] : entries) {
    svg += std::format("<rect class=\"{}\" x=\"{:.1f}\" y=\"41\" width=\"12\" height=\"10\"/>", css, x);
    svg += text_at(x + 17, 50, "class=\"note\"", text);
    x += 32 + 6.2 * static_cast<double>(text.size());
  }
  svg += std::format("<rect class=\"critical-bar\" x=\"{:.1f}\" y=\"41\" width=\"12\" height=\"10\"/>", x);
  return svg + text_at(x + 17, 50, "class=\"critical-name\"", "critical chain");
}

std::string axis(const Layout& layout) {
  std::string svg;
  for (const auto& [x, label] : layout.ticks) {
    svg +=
        std::format("<path class=\"grid\" d=\"M{0:.1f} {1:.1f}V{2:.1f}\"/>\n", x, header_height + 16, layout.rows_end);
    svg += text_at(x, header_height + 11, "class=\"axis\" text-anchor=\"middle\"", label);
    svg += text_at(x, layout.rows_end + 14, "class=\"axis\" text-anchor=\"middle\"", label);
  }
  return svg;
}

std::string marks(const Layout& layout) {
  std::string svg;
  for (const auto& mark : layout.marks) {
    double y = layout.rows_y - 8;
    svg += std::format("<path class=\"mark\" d=\"M{:.1f} {:.1f}l4 -5l-4 -5l-4 5z\"><title>event {}</title></path>\n",
                       mark.x, y + 3, escaped_for_xml(mark.name));
    if (mark.lane < 0) continue;
    svg += text_at(mark.x + (mark.label_is_left ? -6 : 6), y - lane_height * mark.lane,
                   mark.label_is_left ? "class=\"mark-name\" text-anchor=\"end\"" : "class=\"mark-name\"", mark.name);
  }
  return svg;
}

std::string tooltip(const Run& run) {
  std::string text = std::format("{}\nbegan at {}", run.title(), shown(run.begin()));
  for (const auto& cause : run.causes) text += "\nby the event " + title(cause);
  if (run.causes.empty()) text += "\nby " + run.origin;
  for (std::size_t i = 0; i + 1 < run.moments.size(); ++i)
    if (run.moments[i + 1].time - run.moments[i].time >= std::chrono::microseconds{100}) // else only passed through
      text += std::format("\n{} {}", run.moments[i].state, shown(run.moments[i + 1].time - run.moments[i].time));
  return text + std::format("\n{}{}", run.state() == "waiting" ? "stopped" : run.state(), run.failed ? ", failed" : "");
}

std::string outline(const Row& row, std::string_view css, double y) {
  double from = row.segments.front().from, to = row.segments.back().to;
  return std::format("<rect class=\"{}\" x=\"{:.1f}\" y=\"{:.1f}\" width=\"{:.1f}\" height=\"{}\"/>", css, from, y,
                     to - from, bar_height);
}

std::string bar(const Row& row, const Layout& layout) {
  double y = row.y + (row_height - bar_height) / 2;
  std::string svg = std::format("<g><title>{}</title>", escaped_for_xml(tooltip(*row.run)));
  for (const auto& segment : row.segments)
    svg += std::format("<rect class=\"{}\" x=\"{:.1f}\" y=\"{:.1f}\" width=\"{:.1f}\" height=\"{}\"/>",
                       class_of(segment.part), segment.from, y, segment.to - segment.from, bar_height);
  if (row.goes_on)
    svg += std::format("<path class=\"{}\" d=\"M{:.1f} {:.1f}l8 {}l-8 {}z\"/>", class_of(row.segments.back().part),
                       layout.right, y, bar_height / 2, bar_height / 2);
  if (row.run->failed) svg += outline(row, "failed", y);
  else if (row.is_critical) svg += outline(row, "critical-bar", y);
  return svg + "</g>\n";
}

std::string row_of(const Row& row, const Layout& layout, bool is_striped) {
  std::string svg;
  if (is_striped)
    svg += std::format("<rect class=\"stripe\" x=\"0\" y=\"{:.1f}\" width=\"{:.1f}\" height=\"{}\"/>\n", row.y,
                       layout.width, row_height);
  svg += text_at(layout.left - 10, row.y + 14,
                 row.is_critical ? "class=\"critical-name\" text-anchor=\"end\"" : "text-anchor=\"end\"", row.name);
  return svg;
}

std::string arrow_of(const Arrow& arrow) {
  return std::format("<path class=\"arrow{}{}\" marker-end=\"url(#{})\" d=\"M{:.1f} {:.1f}H{:.1f}V{:.1f}\"/>\n",
                     arrow.is_critical ? " critical" : "", arrow.is_last ? "" : " before",
                     arrow.is_critical ? "critical-head" : "head", arrow.from_x, arrow.from_y, arrow.to_x, arrow.to_y);
}

} // namespace

std::string escaped_for_xml(std::string_view text) {
  std::string result;
  for (char c : text) {
    if (c == '&') result += "&amp;";
    else if (c == '<') result += "&lt;";
    else if (c == '>') result += "&gt;";
    else if (c == '"') result += "&quot;";
    else if (static_cast<unsigned char>(c) < 0x20 && c != '\n' && c != '\t') result += "\xef\xbf\xbd";
    else result += c;
  }
  return result;
}

std::string as_svg(const Layout& layout, std::string_view title) {
  auto svg = std::format(
      "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{0:.0f}\" height=\"{1:.0f}\" viewBox=\"0 0 {0:.0f} "
      "{1:.0f}\">\n<title>{2}</title>\n",
      layout.width, layout.height, escaped_for_xml(title));
  svg += style;
  svg += std::format("<rect width=\"{:.0f}\" height=\"{:.0f}\" fill=\"#fff\"/>\n", layout.width, layout.height);
  svg += text_at(16, 26, "class=\"title\"", title);
  svg += legend(16);
  bool is_striped = false;
  for (const auto& row : layout.rows) svg += row_of(row, layout, is_striped = !is_striped);
  svg += axis(layout);
  svg += marks(layout);
  for (const auto& row : layout.rows) svg += bar(row, layout);
  for (const auto& arrow : layout.arrows) svg += arrow_of(arrow);
  for (const auto& row : layout.rows)
    svg += text_at(row.note_x, row.y + 14,
                   row.note_ends_there ? "class=\"note\" text-anchor=\"end\"" : "class=\"note\"", row.note);
  return svg + "</svg>\n";
}

} // namespace upstart::client::plot
