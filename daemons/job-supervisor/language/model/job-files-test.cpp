#include "daemons/job-supervisor/language/model/job-files.hpp"

#include <doctest/doctest.h>

using namespace upstart::supervisor;

TEST_CASE("a job is named after the path below the directory, without the suffix") {
  CHECK(job_file("net/apache.conf", Dialect::conf) == JobFile{"net/apache", JobFile::Kind::job});
  CHECK(job_file("with-dash_and.dot.conf", Dialect::conf) == JobFile{"with-dash_and.dot", JobFile::Kind::job});
  CHECK(job_file("net/apache.override", Dialect::conf) == JobFile{"net/apache", JobFile::Kind::override});
  CHECK_FALSE(job_file("notaconf.txt", Dialect::conf));
  CHECK_FALSE(job_file("conf", Dialect::conf));
}

TEST_CASE("in an event.d directory every file is a job, by its whole name") {
  CHECK(dialect_of_directory("/etc/event.d/") == Dialect::event_d);
  CHECK(dialect_of_directory("event.d") == Dialect::event_d);
  CHECK(dialect_of_directory("/etc/my-event.d") == Dialect::conf);
  CHECK(dialect_of_directory("/etc/event.d/init") == Dialect::conf);
  CHECK(job_file("tty1", Dialect::event_d) == JobFile{"tty1", JobFile::Kind::job});
  CHECK(job_file("rc.conf", Dialect::event_d) == JobFile{"rc.conf", JobFile::Kind::job});
}

TEST_CASE("hidden files, backups and what a package manager put aside are ignored") {
  for (const auto* name : {".conf", ".hidden.conf", "a.conf~", "a.bak", "#a.conf#", "a.dpkg-old", "a.dpkg-new",
                           "a.rpmsave", "sub/.git/a.conf", ".swp"}) {
    CAPTURE(name);
    CHECK_FALSE(job_file(name, Dialect::conf));
    CHECK_FALSE(job_file(name, Dialect::event_d));
  }
  CHECK(job_file("#a.conf", Dialect::conf));
  CHECK(job_file("a.dpkg-b.conf", Dialect::conf));
}
