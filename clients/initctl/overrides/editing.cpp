#include "clients/initctl/overrides/editing.hpp"

#include "clients/initctl/overrides/write-file.hpp"
#include "clients/initctl/simulate/helper-program.hpp"

#include <nlohmann/json.hpp>

#include <spawn.h>
#include <sys/wait.h>

#include <array>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <format>

namespace upstart::client {

namespace {

namespace fs = std::filesystem;

// A directory with the copies, removed with its owner unless the text is to be kept.
class Workplace {
public:
  Workplace() {
    std::error_code error;
    auto path = (fs::temp_directory_path(error) / "initctl-edit.XXXXXX").native();
    if (!error && ::mkdtemp(path.data()) != nullptr) path_ = path;
  }
  Workplace(const Workplace&) = delete;
  Workplace& operator=(const Workplace&) = delete;
  ~Workplace() {
    std::error_code none;
    if (!path_.empty() && !is_kept_) fs::remove_all(path_, none);
  }
  [[nodiscard]] const fs::path& path() const { return path_; }
  void keep() { is_kept_ = true; }

private:
  fs::path path_;
  bool is_kept_ = false;
};

std::string editor_in(const ProcessContext& context) {
  for (const char* name : {"VISUAL", "EDITOR"})
    if (auto editor = context.variable(name); editor && !editor->empty()) return *editor;
  return ::access("/usr/bin/editor", X_OK) == 0 ? "editor" : "vi";
}

// The variable may hold arguments: a shell takes it apart.
std::expected<void, Failure> run_editor(const std::string& editor, std::string path) {
  std::string shell = "sh", option = "-c", script = editor + " \"$1\"", name = "editor";
  std::array<char*, 6> words{shell.data(), option.data(), script.data(), name.data(), path.data(), nullptr};
  pid_t pid = 0;
  if (int error = ::posix_spawn(&pid, "/bin/sh", nullptr, nullptr, words.data(), environ); error != 0)
    return std::unexpected{Failure{std::format("Unable to run {}: {}", editor, std::strerror(error))}};
  int status = 0;
  while (::waitpid(pid, &status, 0) < 0 && errno == EINTR) {}
  if (WIFEXITED(status) && WEXITSTATUS(status) == 0) return {};
  return std::unexpected{
      Failure{std::format("the editor `{}' failed ({}); nothing was changed", editor,
                          WIFEXITED(status) ? std::format("exit status {}", WEXITSTATUS(status)) : "killed"),
              false, "set VISUAL or EDITOR to the editor that you want"}};
}

// What the checker says of that copy, a line each, with the name of the real file.
struct Verdict {
  bool is_right = false;
  std::string text;
};

std::expected<Verdict, Failure> check(const fs::path& directory, const fs::path& copy, const std::string& real_path) {
  auto ran = run_helper_to_end("init-checkconf", {"--json", directory.native()});
  if (!ran) return std::unexpected{ran.error()};
  auto document = Json::parse(ran->output, nullptr, false);
  if (!document.is_object()) return std::unexpected{Failure{"init-checkconf answers in a form that cannot be read"}};
  Verdict verdict{.is_right = true, .text = {}};
  for (const auto& file : document.value("files", Json::array())) {
    if (file.value("path", "") != copy.native()) continue;
    verdict.is_right = file.value("ok", false);
    for (const auto& each : file.value("diagnostics", Json::array())) {
      verdict.text += std::format("{}:{}: {}: {}\n", real_path, each.value("line", 0), each.value("severity", ""),
                                  each.value("message", ""));
      if (auto advice = each.value("suggestion", Json{}); advice.is_string() && !advice.get<std::string>().empty())
        verdict.text += "  " + advice.get<std::string>() + "\n";
    }
  }
  return verdict;
}

bool shall_edit_again(const ProcessContext& context) {
  auto answer = context.ask ? context.ask("Edit it again? [Y/n] ") : std::nullopt;
  return answer && !answer->starts_with('n') && !answer->starts_with('N');
}

} // namespace

std::expected<std::optional<std::string>, Failure> edit(const EditedFile& file, const ProcessContext& context) {
  Workplace workplace;
  if (workplace.path().empty()) return std::unexpected{Failure{"Unable to make a temporary directory"}};
  auto stem = fs::path{file.job}.filename().native();
  auto conf = workplace.path() / (stem + ".conf"),
       copy = file.conf_text ? workplace.path() / (stem + ".override") : conf;
  if (file.conf_text)
    if (auto written = write_file(conf, *file.conf_text); !written) return std::unexpected{Failure{written.error()}};
  auto begin = file.text.empty() ? file.invitation : file.text;
  if (auto written = write_file(copy, begin); !written) return std::unexpected{Failure{written.error()}};
  while (true) {
    if (auto ran = run_editor(editor_in(context), copy); !ran) return std::unexpected{ran.error()};
    auto text = read_file(copy);
    if (!text)
      return std::unexpected{Failure{std::format("Unable to read {}: {}", copy.native(), std::strerror(text.error()))}};
    if (*text == begin) return std::nullopt;
    auto verdict = check(workplace.path(), copy, file.path);
    if (!verdict) return std::unexpected{verdict.error()};
    context.err << verdict->text;
    if (verdict->is_right) return *text;
    if (shall_edit_again(context)) continue;
    workplace.keep();
    return std::unexpected{Failure{std::format("{} was not changed, since that would be an error", file.path), false,
                                   "what you wrote is in " + copy.native()}};
  }
}

} // namespace upstart::client
