#include "daemons/job-supervisor/api/object-table.hpp"

#include "protocol/names.hpp"

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <cstring>

namespace upstart::supervisor {

namespace {
// As many objects as a connection keeps; more only while replies are owed.
constexpr std::size_t most_objects = 64;
} // namespace

char** to_strv(const std::vector<std::string>& strings) {
  auto** array = static_cast<char**>(std::calloc(strings.size() + 1, sizeof(char*)));
  for (std::size_t i = 0; array != nullptr && i < strings.size(); ++i) array[i] = ::strdup(strings[i].c_str());
  return array;
}

struct ObjectTable::Object {
  std::string path;
  std::unique_ptr<JobObject> job;
  std::unique_ptr<InstanceObject> instance;
  std::unique_ptr<sd_bus_slot, sd_bus_slot* (*)(sd_bus_slot*)> enumerator{nullptr, sd_bus_slot_unref};

  explicit Object(std::string of) : path{std::move(of)} {}
};

ObjectTable::~ObjectTable() = default;

bool ObjectTable::make(const std::string& path) {
  auto address = protocol::address_of_path(path);
  const auto& classes = client_.jobs().classes();
  bool exists = address && (address->instance ? classes.find(address->job, *address->instance) != nullptr
                                              : classes.find(address->job) != nullptr);
  if (!exists) {
    forget(path);
    return false;
  }
  if (by_path_.contains(path)) return true;
  make_room();
  auto object = std::make_shared<Object>(path);
  if (address->instance) {
    object->instance = std::make_unique<InstanceObject>(client_, address->job, *address->instance, true);
  } else {
    object->job = std::make_unique<JobObject>(client_, address->job, true);
    enumerate_children(*object);
  }
  objects_.push_back(std::move(object));
  by_path_.emplace(path, std::prev(objects_.end()));
  return true;
}

void ObjectTable::enumerate_children(Object& object) {
  sd_bus_slot* slot = nullptr;
  sd_bus_add_node_enumerator(
      client_.connection().raw(), &slot, object.path.c_str(),
      [](sd_bus*, const char* of, void* self, char*** nodes, sd_bus_error*) {
        *nodes = to_strv(static_cast<ObjectTable*>(self)->children(of));
        return *nodes != nullptr ? 0 : -ENOMEM;
      },
      this);
  object.enumerator.reset(slot);
}

// An object that owes a reply stays; no call reaches it once its job has gone.
void ObjectTable::forget(const std::string& path) {
  auto found = by_path_.find(path);
  if (found == by_path_.end() || found->second->use_count() > 1) return;
  objects_.erase(found->second);
  by_path_.erase(found);
}

void ObjectTable::make_room() {
  if (objects_.size() < most_objects) return;
  auto idle = std::ranges::find_if(objects_, [](const auto& object) { return object.use_count() == 1; });
  if (idle != objects_.end()) forget(std::string{(*idle)->path});
}

std::shared_ptr<void> ObjectTable::find(const std::string& path) const {
  auto found = by_path_.find(path);
  return found == by_path_.end() ? nullptr : *found->second;
}

std::vector<std::string> ObjectTable::children(const std::string& path) const {
  std::vector<std::string> paths;
  const auto& classes = client_.jobs().classes();
  if (path == protocol::path::jobs) {
    for (const auto& [name, _] : classes.all()) paths.push_back(protocol::job_path(name));
  } else if (auto address = protocol::address_of_path(path); address && !address->instance) {
    if (const auto* entry = classes.find(address->job))
      for (const auto& [instance, _] : entry->instances())
        paths.push_back(protocol::instance_path(address->job, instance));
  }
  return paths;
}

} // namespace upstart::supervisor
