#include "clients/views/report/chain.hpp"

#include <nlohmann/json.hpp>

#include <format>

namespace upstart::client {

std::string chain_in_words(const std::vector<ChainLink>& chain) {
  std::string text = "The time at which a job was up, or let the next go on, stands after @,\n"
                     "what it took until then after +.\n\n";
  std::string indent;
  for (const auto& link : chain) {
    if (!link.through.empty()) {
      text += std::format("{}└─ {}{}\n", indent, link.run ? "" : "event ",
                          link.run ? "event " + link.through : std::format("{} @{}", link.event, shown(link.at)));
      indent += "   ";
    }
    if (!link.run) continue;
    text += std::format("{}{} @{} +{}", indent, link.run->title(), shown(link.at), shown(link.took));
    if (link.run->failed) text += " (failed)";
    else if (!link.run->up()) text += std::format(" ({})", link.run->state());
    text += "\n";
  }
  if (!chain.empty() && chain.back().run) text += std::format("{}└─ by {}\n", indent, chain.back().run->origin);
  return text;
}

Json chain_as_json(const std::vector<ChainLink>& chain) {
  Json document = Json::array();
  for (const auto& link : chain) {
    Json entry;
    if (link.run)
      entry = {{"job", link.run->job},
               {"instance", link.run->instance},
               {"origin", link.run->origin},
               {"began_us", link.run->begin().count()}};
    else entry = {{"event", link.event}};
    entry["at_us"] = link.at.count();
    entry["took_us"] = link.took.count();
    entry["through"] = link.through;
    document.push_back(std::move(entry));
  }
  return document;
}

} // namespace upstart::client
