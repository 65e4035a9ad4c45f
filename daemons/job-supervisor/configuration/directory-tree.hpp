// The configured directories as they are on disk: examines places, reports to the catalogue which files are
// there, and keeps watching what it has seen.
//
// Symbolic links are followed, to files and to directories; a link that leads back to one of its parent directories
// is not, and the number of directories reached by links is bounded. What cannot be examined is reported once, and what
// was known of it stays.
#pragma once

#include "daemons/job-supervisor/configuration/catalogue.hpp"
#include "daemons/job-supervisor/configuration/watches.hpp"

#include <sys/stat.h>

namespace upstart::supervisor {

class DirectoryTree {
public:
  // Both must outlive it.
  DirectoryTree(Catalogue& catalogue, Watches& watches) : catalogue_{catalogue}, watches_{watches} {}

  void examine_everything();
  // Finds out what is there now; of a directory, with all that is below.
  void examine(const Place& place);
  // True for a plain file that has no other name: whoever made it will close or rename it.
  [[nodiscard]] bool may_still_be_written(const Place& place) const;
  // What could not be examined since the last call; with Reporting::all also what still cannot.
  [[nodiscard]] std::vector<Report> take_reports(Catalogue::Reporting reporting);

private:
  using Identity = std::pair<dev_t, ino_t>;
  // The directories that a place stands in.
  struct Trail {
    std::vector<Identity> enclosing;
    bool linked = false; // there is a symbolic link on the way
  };

  // Without a trail it is worked out where it is needed.
  void examine_within(const Place& place, const Trail* trail);
  void follow(const Place& place);
  void examine_file(const Place& place);
  void examine_directory(const Place& place, Identity identity, Trail trail);
  void examine_entries(const Place& place, const Trail& trail);
  bool may_enter(const Place& place, Identity identity, const Trail& trail);
  void absent(const Place& place);
  void unreachable(const Place& place, int error);
  void leave_directory(const Place& place);
  void report(const Place& place, std::string message);
  [[nodiscard]] Trail trail_of(const Place& place) const;
  [[nodiscard]] std::string path_of(const Place& place) const;

  Catalogue& catalogue_;
  Watches& watches_;
  std::map<Place, std::string> problems_; // that stand now
  std::map<Place, std::string> reported_; // those among them that were reported
  unsigned linked_directories_ = 0;       // entered by way of a link in the present examination
};

} // namespace upstart::supervisor
