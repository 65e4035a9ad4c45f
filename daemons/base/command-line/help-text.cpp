#include "daemons/base/command-line/help-text.hpp"

#include "daemons/base/command-line/terminal-width.hpp"
#include "daemons/base/command-line/wrap.hpp"

#include <CLI/CLI.hpp>

#include <algorithm>
#include <format>
#include <memory>
#include <ranges>

namespace upstart::base {

namespace {

// Lines that are too long only, so that a table stays as it is; what is folded keeps its indentation.
std::string folded(std::string_view text, std::size_t width) {
  std::string result;
  for (auto part : text | std::views::split('\n')) {
    std::string_view line{part};
    if (!result.empty() || part.begin() != text.begin()) result += '\n';
    auto indentation = line.find_first_not_of(' ');
    if (line.size() <= width || indentation >= width) result += line;
    else {
      result += line.substr(0, indentation);
      result += wrap(line.substr(indentation), width - indentation, indentation);
    }
  }
  return result;
}

class FoldedFormatter : public CLI::Formatter {
public:
  explicit FoldedFormatter(std::size_t width) : width_{width} {}

  std::string make_option(const CLI::Option* option, bool is_positional) const override {
    return help_entry(make_option_name(option, is_positional) + make_option_opts(option), make_option_desc(option),
                      width_, get_column_width());
  }
  std::string make_description(const CLI::App* app) const override {
    return folded(Formatter::make_description(app), width_);
  }
  std::string make_usage(const CLI::App* app, std::string name) const override {
    return folded(Formatter::make_usage(app, std::move(name)), width_);
  }
  std::string make_footer(const CLI::App* app) const override { return folded(Formatter::make_footer(app), width_); }

private:
  std::size_t width_;
};

} // namespace

std::size_t help_width(std::optional<std::size_t> terminal) {
  constexpr std::size_t narrowest = 50, widest = 100;
  return terminal ? std::clamp(*terminal - 1, narrowest, widest) : usual_help_width;
}

std::string help_entry(std::string_view name, std::string_view text, std::size_t width, std::size_t column) {
  constexpr std::size_t indentation = 2, indentation_of_rest = 6;
  if (text.empty() || indentation + name.size() >= column) {
    auto line = std::format("  {}\n", wrap(name, width - indentation_of_rest, indentation_of_rest));
    return text.empty() ? line : std::format("{}{:{}}{}\n", line, "", column, wrap(text, width - column, column));
  }
  return std::format("  {:<{}}{}\n", name, column - indentation, wrap(text, width - column, column));
}

void fold_help(CLI::App& app, std::size_t width) { app.formatter(std::make_shared<FoldedFormatter>(width)); }

void fold_help(CLI::App& app) { fold_help(app, help_width(width_of_standard_output())); }

} // namespace upstart::base
