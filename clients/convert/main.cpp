// upstart-convert [FROM] FILE…: job files out of the files of other init systems and supervisors.
#include "clients/base/output.hpp"
#include "clients/base/process-context.hpp"
#include "clients/convert/formats.hpp"
#include "daemons/base/command-line/help-text.hpp"
#include "daemons/base/command-line/wrong-command-line.hpp"
#include "daemons/base/values/suggestions.hpp"

#include <CLI/CLI.hpp>

#include <cstring>
#include <filesystem>
#include <format>
#include <fstream>
#include <iostream>
#include <set>
#include <sstream>
#include <utility>

namespace {

using namespace upstart;
namespace fs = std::filesystem;

constexpr int not_all = 1, unable = 2;
constexpr const char* hint = "Try `upstart-convert --help' for more information.\n";

struct Options {
  std::vector<std::string> words; // FROM and FILE…
  std::string directory;
  bool session = false, force = false, strict = false, quiet = false;
};

struct Counts {
  std::size_t whole = 0, partly = 0, no_need = 0, not_at_all = 0;
};

void complain(const std::string& text) { std::cerr << "upstart-convert: " << text << '\n'; }

std::string list_of_formats() {
  std::string text = "FROM is guessed where it is left out:\n";
  for (const auto& format : convert::formats()) text += std::format("  {:12} {}\n", format.name, format.what);
  return text + "Exit status: 0 all is converted, if not in every point; 1 a file is not, or with "
                "--strict a point; 2 the command line is wrong, or a file cannot be written.";
}

// Of a file that is not there: it may be a kind of files that is misspelt.
std::string misspelt_format(const std::string& path) {
  std::error_code error;
  if (fs::exists(path, error)) return "";
  std::vector<std::string_view> names;
  for (const auto& format : convert::formats()) names.push_back(format.name);
  auto meant = base::near_miss(path, names);
  return meant.empty() ? "" : "; " + meant;
}

// Into its file; the name of a job may have folders. Never over a file that is there, unless asked for, and never over
// that of another job.
bool write(const Options& options, const convert::Job& job, const std::string& text, std::set<std::string>& written) {
  auto path = fs::path{options.directory} / (job.name + ".conf");
  std::error_code error;
  fs::create_directories(path.parent_path(), error);
  if (!written.insert(job.name).second) {
    complain(std::format("{} is that of another job; the one from {} is not written", path.string(), job.source));
    return false;
  }
  if (!options.force && fs::exists(path, error)) {
    complain(std::format("{} is there already; --force writes over it", path.string()));
    return false;
  }
  std::ofstream file{path, std::ios::binary | std::ios::trunc};
  file << text;
  file.close();
  if (file) return true;
  complain(std::format("{} cannot be written: {}", path.string(), std::strerror(errno)));
  return false;
}

void tell(const Options& options, const convert::Job& job, Counts& counts) {
  ++(job.is_whole() ? counts.whole : counts.partly);
  if (options.quiet) return;
  for (const auto& remark : job.remarks)
    if (remark.kind == convert::Remark::Kind::missing) std::cerr << convert::text_of(remark) << '\n';
}

int convert_all(const Options& options, const convert::Format* format, const std::vector<std::string>& paths,
                client::Output& output) {
  Counts counts;
  bool all_written = true, is_first = true;
  std::set<std::string> written;
  const auto whose = options.session ? convert::Whose::sessions : convert::Whose::systems;
  for (const auto& converted : convert::convert(paths, format, whose)) {
    if (!converted.failure.empty()) {
      ++counts.not_at_all;
      bool may_be_format = format == nullptr && paths.size() > 1 && converted.source == paths.front();
      complain(std::format("{}: {}{}", converted.source, converted.failure,
                           may_be_format ? misspelt_format(converted.source) : ""));
    }
    if (!converted.no_need.empty()) {
      ++counts.no_need;
      if (!options.quiet) complain(std::format("{}: no job: {}", converted.source, converted.no_need));
    }
    for (const auto& job : converted.jobs) {
      tell(options, job, counts);
      auto text = convert::print(job);
      if (!options.directory.empty()) all_written = write(options, job, text, written) && all_written;
      else
        output.write(std::format(
            "{}{}{}", std::exchange(is_first, false) ? "" : "\n",
            paths.size() > 1 || converted.jobs.size() > 1 ? std::format("# ---- {}.conf\n", job.name) : "", text));
    }
  }
  if (!options.quiet)
    complain(std::format("{} converted, {} in part{}, {} failed", counts.whole, counts.partly,
                         counts.no_need == 0 ? "" : std::format(", {} without need of a job", counts.no_need),
                         counts.not_at_all));
  if (!all_written) return unable;
  return counts.not_at_all > 0 || (options.strict && counts.partly > 0) ? not_all : 0;
}

// What the library says of the command line: help and version as they are, a mistake as initctl says it.
int answer(const CLI::App& app, const CLI::ParseError& said, client::Output& output) {
  std::ostringstream text, mistake;
  const auto status = app.exit(said, text, mistake);
  output.write(text.str());
  if (status == 0) return 0;
  std::cerr << base::wrong_command_line(app, said, "upstart-convert");
  return unable;
}

void declare(CLI::App& app, Options& options) {
  constexpr int width = 22; // of the column of the options
  app.usage("Usage: upstart-convert [OPTION]... [FROM] FILE...");
  base::fold_help(app);
  app.get_formatter()->column_width(width);
  app.add_option("words", options.words)->group("");
  app.add_option("-o,--output", options.directory, "write each job to DIR/JOB.conf, not to standard output")
      ->type_name("DIR");
  app.add_flag("--session", options.session, "make jobs for a session of a user (`init --user')");
  app.add_flag("--force", options.force, "write over files that are there");
  app.add_flag("--strict", options.strict, "exit with 1 if anything could not be converted");
  app.add_flag("-q,--quiet", options.quiet, "do not list what could not be converted");
  app.set_help_flag("-h,--help", "print this help and exit");
  app.set_version_flag("--version", "upstart-convert (upstart " UPSTART_VERSION ")", "print the version and exit");
  app.footer(list_of_formats());
}

int run(int argc, char** argv, client::Output& output) {
  Options options;
  CLI::App app{"Make job files out of the files of other init systems and supervisors.", "upstart-convert"};
  declare(app, options);
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) { return answer(app, error, output); }
  auto paths = options.words;
  std::error_code error;
  const auto* format =
      paths.empty() || fs::exists(paths.front(), error) ? nullptr : convert::format_of_name(paths.front());
  if (format != nullptr) paths.erase(paths.begin());
  if (paths.empty()) {
    complain("missing FILE");
    std::cerr << hint;
    return unable;
  }
  return convert_all(options, format, paths, output);
}

} // namespace

int main(int argc, char** argv) {
  client::occupy_standard_descriptors();
  client::Output output{std::cout};
  const auto status = run(argc, argv, output);
  output.flush();
  if (output.good()) return status;
  complain(std::format("Unable to write: {}", std::strerror(output.error())));
  return unable;
}
