#include "daemons/mqtt-bridge/messages/topics.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <format>
#include <vector>

namespace upstart::mqtt_bridge {

namespace {

// Readable in a topic, and of no meaning to a broker. What is beyond ASCII may be no UTF-8, so it is written in hex.
bool stands_for_itself(char byte) { return byte > ' ' && byte < '\x7f' && !std::string_view{"/+#%"}.contains(byte); }

std::vector<std::string_view> levels_of(std::string_view topic) {
  std::vector<std::string_view> levels;
  for (std::size_t begin = 0; begin <= topic.size();) {
    auto end = std::min(topic.find('/', begin), topic.size());
    levels.push_back(topic.substr(begin, end - begin));
    begin = end + 1;
  }
  return levels;
}

std::optional<Topic> of_job(std::string_view node, const std::vector<std::string_view>& levels) {
  if (levels.size() > 5) return std::nullopt;
  auto job = name_of_topic_level(levels[3]);
  if (!job) return std::nullopt;
  Topic topic{Topic::Kind::job, std::string{node}, std::move(*job), {}, {}};
  if (levels.size() == 4) return topic;
  auto instance = name_of_topic_level(levels[4]);
  if (!instance) return std::nullopt;
  topic.instance = std::move(instance);
  return topic;
}

// nodes/NODE/WHAT…
std::optional<Topic> of_node_topic(const std::vector<std::string_view>& levels) {
  std::string node{levels[1]};
  auto what = levels[2];
  if (levels.size() == 3 && what == "state") return Topic{Topic::Kind::state, node, {}, {}, {}};
  if (levels.size() == 3 && what == "call") return Topic{Topic::Kind::call, node, {}, {}, {}};
  if (levels.size() == 4 && what == "reply") return Topic{Topic::Kind::reply, node, {}, {}, std::string{levels[3]}};
  if (levels.size() == 4 && what == "events")
    return name_of_topic_level(levels[3]).transform(
        [&](auto name) { return Topic{Topic::Kind::node_event, node, std::move(name), {}, {}}; });
  if (levels.size() >= 4 && what == "jobs") return of_job(node, levels);
  return std::nullopt;
}

} // namespace

std::string topic_level(std::string_view name) {
  std::string level;
  for (char byte : name)
    if (stands_for_itself(byte)) level += byte;
    else level += std::format("%{:02x}", static_cast<unsigned char>(byte));
  return level;
}

std::optional<std::string> name_of_topic_level(std::string_view level) {
  std::string name;
  for (std::size_t i = 0; i < level.size(); ++i) {
    if (level[i] != '%') {
      name += level[i];
      continue;
    }
    auto digits = level.substr(i + 1, 2);
    unsigned value = 0;
    auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), value, 16);
    if (error != std::errc{} || digits.size() != 2 || end != digits.data() + 2) return std::nullopt;
    name += static_cast<char>(value);
    i += 2;
  }
  return name;
}

std::string Topics::job(std::string_view node, std::string_view job, std::string_view instance) const {
  auto topic = of_node(node) + "jobs/" + topic_level(job);
  return instance.empty() ? topic : topic + "/" + topic_level(instance);
}

std::optional<Topic> Topics::parse(std::string_view topic) const {
  if (!topic.starts_with(prefix_)) return std::nullopt;
  auto levels = levels_of(topic.substr(prefix_.size()));
  if (levels[0] == "events" && levels.size() == 2)
    return name_of_topic_level(levels[1]).transform(
        [](auto name) { return Topic{Topic::Kind::event, {}, std::move(name), {}, {}}; });
  if (levels[0] == "nodes" && levels.size() >= 3 && !levels[1].empty()) return of_node_topic(levels);
  return std::nullopt;
}

} // namespace upstart::mqtt_bridge
