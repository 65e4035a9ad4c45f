#include "daemons/job-supervisor/unknown-job.hpp"

#include "daemons/base/values/suggestions.hpp"

#include <algorithm>
#include <array>
#include <format>
#include <string_view>
#include <vector>

namespace upstart::supervisor {

namespace {

// Endings that editors, package managers and people give to what could be NAME.conf; such a file is no job's.
constexpr std::array almost_conf{"",
                                 ".CONF",
                                 ".Conf",
                                 ".config",
                                 ".cfg",
                                 ".cnf",
                                 ".txt",
                                 ".conf.txt",
                                 "-conf",
                                 "_conf",
                                 ".conf.bak",
                                 ".conf.orig",
                                 ".conf.old",
                                 ".conf.save",
                                 ".conf.new",
                                 ".conf~",
                                 ".conf.swp",
                                 ".conf.dpkg-new",
                                 ".conf.dpkg-dist",
                                 ".conf.dpkg-old",
                                 ".conf.dpkg-bak",
                                 ".conf.dpkg",
                                 ".conf.ucf-",
                                 ".conf.rpmnew",
                                 ".conf.rpmsave",
                                 ".conf.disabled",
                                 ".conf.off",
                                 ".upstart"};

std::string last_part_of(const std::string& path) { return path.substr(path.rfind('/') + 1); }

std::string rename_of(const std::string& file, std::string_view job) {
  auto directory = file.substr(0, file.rfind('/') + 1);
  if (job.ends_with(".conf")) job.remove_suffix(std::string_view{".conf"}.size());
  return std::format(
      "there is a file {0}, but only files called NAME.conf and NAME.override count: `mv {0} {1}{2}.conf' "
      "makes a job of it",
      file, directory, job);
}

// A file in the directories of job files that would be the job's, were it called otherwise. Empty: there is none.
std::string about_misnamed_file(const Configuration& configuration, const std::string& job) {
  for (std::string_view ending : almost_conf) // its whole name was given
    if (!ending.empty() && job.ends_with(ending))
      if (auto file = configuration.file_without_suffix(job); !file.empty())
        return rename_of(file, last_part_of(job.substr(0, job.size() - ending.size())));
  for (std::string_view ending : almost_conf)
    if (auto file = configuration.file_without_suffix(job + std::string{ending}); !file.empty())
      return rename_of(file, last_part_of(job));
  auto slash = job.rfind('/') + 1;
  if (auto file = configuration.file_without_suffix(job.substr(0, slash) + "." + last_part_of(job) + ".conf");
      !file.empty())
    return "there is a file " + file + ", but one that is hidden (its name begins with a dot) is passed over";
  if (auto file = configuration.file_without_suffix(job + ".service"); !file.empty())
    return std::format("there is a file {0}, which is a unit of systemd: `upstart-convert {0}' makes a job file of it",
                       file);
  return {};
}

// The job whose file was named instead, or the one of that name in a directory below.
std::string about_other_name(const ClassTable& classes, std::string_view word) {
  while (word.starts_with("./")) word.remove_prefix(2);
  if (word.empty()) return {};
  auto ends_in_word = [&](std::string_view text) {
    return text.ends_with(word) && text.ends_with("/" + std::string{word});
  };
  std::vector<std::string_view> below;
  for (const auto& [name, entry] : classes.all()) {
    const auto& file = entry->job_class()->path;
    if (file == word || (word.ends_with(".conf") && ends_in_word(file)))
      return std::format("the job of that file is called `{}'", name);
    if (ends_in_word(name)) below.push_back(name);
  }
  return below.empty() ? std::string{} : std::format("did you mean `{}`?", std::ranges::min(below));
}

} // namespace

std::string about_files_of(const std::string& job, const Configuration& configuration, const ClassTable& classes) {
  if (auto fault = configuration.job_file_fault(job); !fault.empty())
    return "its file cannot be read as a job: " + fault + " (init-checkconf says more)";
  for (std::string_view suffix : {".conf", ".override"})
    if (job.ends_with(suffix) && classes.find(job.substr(0, job.size() - suffix.size())) != nullptr)
      return "the job of that file is called `" + job.substr(0, job.size() - suffix.size()) + "', without the suffix";
  if (auto about = about_misnamed_file(configuration, job); !about.empty()) return about;
  if (auto path = configuration.lone_override(job); !path.empty())
    return std::format("there is only {}, and no {}.conf", path, job);
  return {};
}

std::string about_like_names(const std::string& job, const ClassTable& classes) {
  if (auto about = about_other_name(classes, job); !about.empty()) return about;
  std::vector<std::string_view> names;
  for (const auto& [name, _] : classes.all()) names.emplace_back(name);
  std::ranges::sort(names);
  return base::near_miss(job, names);
}

} // namespace upstart::supervisor
