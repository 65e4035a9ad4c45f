// upstart-convert [FROM] FILE…: job files out of the files of other init systems and supervisors.
#include "clients/base/output.hpp"
#include "clients/base/process-context.hpp"
#include "clients/convert/formats.hpp"

#include <CLI/CLI.hpp>

#include <algorithm>
#include <cstring>
#include <filesystem>
#include <format>
#include <fstream>
#include <iostream>
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
  bool force = false, strict = false, quiet = false;
};

struct Counts {
  std::size_t whole = 0, partly = 0, not_at_all = 0;
};

void complain(const std::string& text) { std::cerr << "upstart-convert: " << text << '\n'; }

std::string list_of_formats() {
  std::string text = "FROM is guessed where it is left out:\n";
  for (const auto& format : convert::formats()) text += std::format("  {:12} {}\n", format.name, format.what);
  return text +
         "Exit status: 0 all is converted, if not in every point; 1 a file is not, or with --strict a point; 2 the "
         "command line is wrong, or a file cannot be written.";
}

// Into its file; the name of a job may have folders. Never over a file that is there, unless asked for.
bool write(const Options& options, const convert::Job& job, const std::string& text) {
  auto path = fs::path{options.directory} / (job.name + ".conf");
  std::error_code error;
  fs::create_directories(path.parent_path(), error);
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
  for (const auto& converted : convert::convert(paths, format)) {
    if (!converted.failure.empty()) {
      ++counts.not_at_all;
      complain(std::format("{}: {}", converted.source, converted.failure));
    }
    for (const auto& job : converted.jobs) {
      tell(options, job, counts);
      auto text = convert::print(job);
      if (!options.directory.empty()) all_written = write(options, job, text) && all_written;
      else
        output.write(std::format(
            "{}{}{}", std::exchange(is_first, false) ? "" : "\n",
            paths.size() > 1 || converted.jobs.size() > 1 ? std::format("# ---- {}.conf\n", job.name) : "", text));
    }
  }
  if (!options.quiet)
    complain(std::format("{} converted, {} in part, {} failed", counts.whole, counts.partly, counts.not_at_all));
  if (!all_written) return unable;
  return counts.not_at_all > 0 || (options.strict && counts.partly > 0) ? not_all : 0;
}

// What the library says of the command line: help and version as they are, a mistake as initctl says it.
int answer(const CLI::App& app, const CLI::ParseError& said, client::Output& output) {
  std::ostringstream text, mistake;
  const auto status = app.exit(said, text, mistake);
  output.write(text.str());
  if (status == 0) return 0;
  complain(said.what());
  std::cerr << hint;
  return unable;
}

int run(int argc, char** argv, client::Output& output) {
  Options options;
  CLI::App app{"Make job files out of the files of other init systems and supervisors.", "upstart-convert"};
  app.set_version_flag("--version", "upstart-convert (upstart " UPSTART_VERSION ")");
  app.add_option("words", options.words, "the kind of the files, and the files")
      ->type_name("[FROM] FILE...")
      ->option_text(" ");
  app.add_option("-o,--output", options.directory, "write each job to DIR/JOB.conf, not to standard output")
      ->type_name("DIR");
  app.add_flag("--force", options.force, "write over files that are there");
  app.add_flag("--strict", options.strict, "exit with 1 if anything could not be converted");
  app.add_flag("-q,--quiet", options.quiet, "do not list on standard error what could not be converted");
  app.footer(list_of_formats());
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
