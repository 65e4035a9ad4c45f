// The job and instance objects of one connection. They are made when a path is first addressed, so a connection costs
// nothing per job; a few are kept, the rest are made again.
#pragma once

#include "daemons/job-supervisor/api/objects.hpp"

#include <list>
#include <unordered_map>

namespace upstart::supervisor {

class ObjectTable {
public:
  // The client outlives this.
  explicit ObjectTable(Client& client) : client_{client} {}
  ObjectTable(const ObjectTable&) = delete;
  ObjectTable& operator=(const ObjectTable&) = delete;
  ~ObjectTable();

  // There is an object at this path from now on. False: there is no such job or instance.
  bool make(const std::string& path);
  // Nothing where none is made. Whoever holds it keeps it.
  [[nodiscard]] std::shared_ptr<void> find(const std::string& path) const;
  // The paths below this one, of jobs or of instances.
  [[nodiscard]] std::vector<std::string> children(const std::string& path) const;

private:
  struct Object;

  void forget(const std::string& path);
  void make_room();
  void enumerate_children(Object& object);

  Client& client_;
  std::list<std::shared_ptr<Object>> objects_; // least recently made first; shared with the replies they owe
  std::unordered_map<std::string, std::list<std::shared_ptr<Object>>::iterator> by_path_;
};

// The children as sd-bus takes them from an enumerator: it frees them. Null where there is no memory.
[[nodiscard]] char** to_strv(const std::vector<std::string>& strings);

} // namespace upstart::supervisor
