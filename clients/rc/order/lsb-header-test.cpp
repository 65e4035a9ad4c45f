#include "clients/rc/order/lsb-header.hpp"

#include <doctest/doctest.h>

using namespace upstart::client;
using Names = std::vector<std::string>;

TEST_CASE("a header says what a script provides and what it wants before it and behind it") {
  auto header =
      read_lsb_header("#!/bin/sh\n# Provides: outside\n### BEGIN INIT INFO\n# Provides:          web www\n"
                      "# Required-Start:\t$network $remote_fs\n# Should-Start: db\n# Required-Stop: $network\n"
                      "# X-Start-Before: proxy\n# X-Interactive: true\n# Default-Start: 2 3\n"
                      "# Short-Description: Serves pages\n### END INIT INFO\n")
          .value();
  CHECK(header.provides == Names{"web", "www"});
  CHECK(header.start_after == Names{"$network", "$remote_fs", "db"});
  CHECK(header.stop_before == Names{"$network"});
  CHECK(header.start_before == Names{"proxy"});
  CHECK(header.is_interactive);
  CHECK(header.description == "Serves pages");
}

TEST_CASE("a script without a header, or whose header does not end, has none") {
  CHECK(!read_lsb_header("#!/bin/sh\nexit 0\n"));
  CHECK(!read_lsb_header("### BEGIN INIT INFO\n# Provides: x\n"));
}

TEST_CASE("facilities are what insserv.conf says they are") {
  Facilities facilities;
  add_facilities("# comment\n$local_fs\t+mountall +umountfs\n$remote_fs $local_fs nfs\n<interactive> x\n", facilities);
  add_facilities("$local_fs zfs", facilities);
  CHECK(facilities["$local_fs"] == Names{"mountall", "umountfs", "zfs"});
  CHECK(facilities["$remote_fs"] == Names{"$local_fs", "nfs"});
  CHECK(facilities.size() == 2);
}
