#include "clients/initctl/overrides/override-text.hpp"

#include <format>
#include <ranges>

namespace upstart::client {

namespace {

constexpr std::string_view suffix = ".conf", blanks = " \t\r";

std::string_view trimmed(std::string_view line) {
  auto comment = line.substr(0, line.find('#'));
  auto begin = comment.find_first_not_of(blanks);
  if (begin == std::string_view::npos) return {};
  return comment.substr(begin, comment.find_last_not_of(blanks) - begin + 1);
}

} // namespace

std::optional<std::size_t> line_of_manual(std::string_view text) {
  std::size_t number = 0;
  for (auto part : text | std::views::split('\n'))
    if (++number; trimmed(std::string_view{part}) == "manual") return number;
  return std::nullopt;
}

std::string with_manual(std::string_view text) {
  std::string result{text};
  if (!result.empty() && !result.ends_with('\n')) result += '\n';
  return result + "manual\n";
}

std::string without_manual(std::string_view text) {
  std::string result;
  if (text.ends_with('\n')) text.remove_suffix(1);
  for (auto part : text | std::views::split('\n')) {
    std::string_view line{part};
    if (trimmed(line) != "manual") result += std::string{line} + '\n';
  }
  return result.find_first_not_of(" \t\r\n") == std::string::npos ? "" : result;
}

std::optional<std::string> root_of(const protocol::JobState& job) {
  auto ending = std::format("/{}{}", job.name, suffix);
  if (!job.file.ends_with(ending)) return std::nullopt;
  return job.file.substr(0, job.file.size() - ending.size());
}

std::expected<OverridePlace, std::string> override_place(const protocol::JobState& job, bool may_write_beside,
                                                         const std::optional<std::string>& session_directory,
                                                         const std::function<bool(const std::string& path)>& exists) {
  if (!job.override_file.empty() && !job.replaced_by_newer) return OverridePlace{job.override_file, true};
  auto root = root_of(job);
  if (!root) {
    auto where = job.file.empty() ? "it was made from no file" : "its file is " + job.file;
    return std::unexpected{std::format("{} can have no override: {}; only a file NAME.conf can", job.name, where)};
  }
  auto beside = std::format("{}/{}.override", *root, job.name);
  auto own = session_directory ? std::format("{}/{}.override", *session_directory, job.name) : "";
  for (const auto& path : {own, job.override_file, beside})
    if (!path.empty() && exists(path)) return OverridePlace{path, true};
  if (may_write_beside) return OverridePlace{beside, false};
  if (session_directory) return OverridePlace{own, false};
  return std::unexpected{std::format("{} cannot be written to: this needs root", *root)};
}

} // namespace upstart::client
