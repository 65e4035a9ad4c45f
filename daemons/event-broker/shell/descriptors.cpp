#include "daemons/event-broker/shell/descriptors.hpp"

#include "daemons/base/service-manager.hpp"

#include <spdlog/spdlog.h>

#include <charconv>
#include <optional>

namespace upstart::broker {

namespace {

std::string store_name(EventId id, std::size_t index) {
  return "event-" + std::to_string(id) + "-" + std::to_string(index);
}

struct Place {
  EventId id = 0;
  std::size_t index = 0;
};

std::optional<Place> place_of(std::string_view name) {
  constexpr std::string_view prefix = "event-";
  if (!name.starts_with(prefix)) return std::nullopt;
  name.remove_prefix(prefix.size());
  Place place;
  const char* end = name.data() + name.size();
  auto id = std::from_chars(name.data(), end, place.id);
  if (id.ec != std::errc{} || id.ptr == end || *id.ptr != '-') return std::nullopt;
  auto index = std::from_chars(id.ptr + 1, end, place.index);
  if (index.ec != std::errc{} || index.ptr != end || place.index >= 1024) return std::nullopt;
  return place;
}

} // namespace

void Descriptors::keep(EventId id, Files files) {
  if (files.empty()) return;
  for (std::size_t index = 0; index < files.size(); ++index)
    if (!base::keep_descriptor(store_name(id, index), files[index].get()))
      spdlog::warn("the service manager did not take a descriptor of event {}: it is lost if the broker dies", id);
  files_[id] = std::move(files);
}

void Descriptors::forget(EventId id) {
  auto found = files_.find(id);
  if (found == files_.end()) return;
  for (std::size_t index = 0; index < found->second.size(); ++index) base::forget_descriptor(store_name(id, index));
  files_.erase(found);
}

std::span<const base::FileDescriptor> Descriptors::of(EventId id) const {
  auto found = files_.find(id);
  return found == files_.end() ? std::span<const base::FileDescriptor>{} : found->second;
}

void Descriptors::take_back(std::multimap<std::string, base::FileDescriptor> inherited,
                            const std::function<bool(EventId)>& still_wanted) {
  for (auto& [name, file] : inherited) {
    auto place = place_of(name);
    if (!place) continue;
    if (!still_wanted(place->id)) {
      base::forget_descriptor(name);
      continue;
    }
    auto& files = files_[place->id];
    if (files.size() <= place->index) files.resize(place->index + 1);
    files[place->index] = std::move(file);
  }
}

} // namespace upstart::broker
