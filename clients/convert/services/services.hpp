// Services of other supervisors as jobs. Each takes the text of a file, or the path of a directory, and gives a job for
// each service in it. `place` is how the file is called in remarks.
#pragma once

#include "clients/convert/output/job.hpp"

#include <string>
#include <string_view>
#include <vector>

namespace upstart::convert {

// [program:…] of a configuration of supervisord.
[[nodiscard]] std::vector<Converted> convert_supervisord(const std::string& path, std::string_view text);
// "web: bundle exec …", one process a line, as foreman exports it: a job for all, and one for each, with PORT.
// `variables` is the text of the file .env beside it.
[[nodiscard]] std::vector<Converted> convert_procfile(const std::string& path, std::string_view text,
                                                      std::string_view variables = {});
// The lines of /etc/inittab.
[[nodiscard]] std::vector<Converted> convert_inittab(const std::string& path, std::string_view text);
// A script of System V, by its LSB header: a job that calls it.
[[nodiscard]] std::vector<Converted> convert_lsb_script(const std::string& path, std::string_view text);
// A directory with an executable file `run`, of runit or of s6.
[[nodiscard]] std::vector<Converted> convert_runit(const std::string& directory);
[[nodiscard]] std::vector<Converted> convert_s6(const std::string& directory);

} // namespace upstart::convert
