#include "clients/base/terminal/table.hpp"

#include <dlfcn.h>
#include <libsmartcols/libsmartcols.h>

#include <algorithm>
#include <clocale>
#include <cstdlib>
#include <cwchar>
#include <format>
#include <memory>
#include <string_view>

namespace upstart::client {

namespace {

// The functions of the library that are called, each looked up by its own name.
class Library {
public:
  Library() : handle_{::dlopen("libsmartcols.so.1", RTLD_NOW | RTLD_LOCAL)} {
    if (handle_ == nullptr) return;
    is_whole_ = find(new_table, "scols_new_table") && find(unref_table, "scols_unref_table") &&
                find(new_column, "scols_table_new_column") && find(new_line, "scols_table_new_line") &&
                find(set_data, "scols_line_set_data") && find(cell_of, "scols_line_get_cell") &&
                find(set_cell_colour, "scols_cell_set_color") && find(enable_colours, "scols_table_enable_colors") &&
                find(set_force, "scols_table_set_termforce") && find(set_width, "scols_table_set_termwidth") &&
                find(print_to_string, "scols_print_table_to_string");
  }
  [[nodiscard]] bool is_there() const { return is_whole_; }

  decltype(&::scols_new_table) new_table = nullptr;
  decltype(&::scols_unref_table) unref_table = nullptr;
  decltype(&::scols_table_new_column) new_column = nullptr;
  decltype(&::scols_table_new_line) new_line = nullptr;
  decltype(&::scols_line_set_data) set_data = nullptr;
  decltype(&::scols_line_get_cell) cell_of = nullptr;
  decltype(&::scols_cell_set_color) set_cell_colour = nullptr;
  decltype(&::scols_table_enable_colors) enable_colours = nullptr;
  decltype(&::scols_table_set_termforce) set_force = nullptr;
  decltype(&::scols_table_set_termwidth) set_width = nullptr;
  decltype(&::scols_print_table_to_string) print_to_string = nullptr;

private:
  template <typename Function> bool find(Function& function, const char* name) {
    function = reinterpret_cast<Function>(::dlsym(handle_, name));
    return function != nullptr;
  }

  void* handle_; // stays loaded until the program ends
  bool is_whole_ = false;
};

// As escape sequences, which the library takes besides names.
const char* sequence_of(Colour colour) {
  switch (colour) {
  case Colour::none: return nullptr;
  case Colour::red: return "\033[31m";
  case Colour::green: return "\033[32m";
  case Colour::yellow: return "\033[33m";
  case Colour::grey: return "\033[2m";
  case Colour::bold: return "\033[1m";
  }
  return nullptr;
}

void add_column(const Library& library, libscols_table* table, const TableColumn& column) {
  constexpr double as_wide_as_needed = 0;
  library.new_column(table, column.heading.c_str(), as_wide_as_needed, column.right_aligned ? SCOLS_FL_RIGHT : 0);
}

void add_row(const Library& library, libscols_table* table, const std::vector<TableCell>& row) {
  auto* line = library.new_line(table, nullptr);
  for (std::size_t i = 0; i < row.size(); ++i) {
    library.set_data(line, i, row[i].text.c_str());
    if (const char* sequence = sequence_of(row[i].colour)) library.set_cell_colour(library.cell_of(line, i), sequence);
  }
}

// The first character of a text, as the library prints it: what is none of the locale as \\xNN.
struct Character {
  std::size_t bytes, width;
};
Character first_of(std::string_view text) {
  wchar_t wide = 0;
  std::mbstate_t state{};
  auto bytes = std::mbrtowc(&wide, text.data(), text.size(), &state);
  bool is_whole = bytes != static_cast<std::size_t>(-1) && bytes != static_cast<std::size_t>(-2) && bytes != 0;
  int width = is_whole ? ::wcwidth(wide) : -1;
  return width < 0 ? Character{is_whole ? bytes : 1, 4 * (is_whole ? bytes : 1)}
                   : Character{bytes, static_cast<std::size_t>(width)};
}

// A table that is wider than the terminal would wrap each row: the library only cuts.
class Fitting {
public:
  Fitting(Table& table, std::size_t width) : table_{table}, width_{width} {}

  void fit() {
    while (too_wide(least()) > 0 && leave_one_out()) {}
    auto widths = natural(), lowest = least();
    for (std::size_t i = widths.size(); i-- > 0;)
      if (can_be_cut(i)) narrow(widths[i], lowest[i], too_wide(widths));
    constexpr std::size_t narrowest = 4;
    for (std::size_t i = widths.size(); i-- > 0;)
      if (can_be_cut(i)) narrow(widths[i], narrowest, too_wide(widths));
    for (auto& row : table_.rows)
      for (std::size_t i = 0; i < row.size(); ++i)
        if (can_be_cut(i)) row[i].text = cut_text(row[i].text, widths[i]);
  }

private:
  using Widths = std::vector<std::size_t>;

  [[nodiscard]] bool can_be_cut(std::size_t column) const { return table_.columns[column].cut_to > 0; }
  static void narrow(std::size_t& width, std::size_t lowest, std::size_t by) {
    if (width > lowest) width = std::max(lowest, width - std::min(by, width));
  }
  [[nodiscard]] Widths natural() const {
    Widths widths;
    for (std::size_t i = 0; i < table_.columns.size(); ++i) {
      auto& width = widths.emplace_back(shown_width(table_.columns[i].heading));
      for (const auto& row : table_.rows) width = std::max(width, shown_width(row[i].text));
    }
    return widths;
  }
  [[nodiscard]] Widths least() const {
    auto widths = natural();
    for (std::size_t i = 0; i < widths.size(); ++i)
      if (can_be_cut(i))
        widths[i] = std::min(widths[i], std::max(table_.columns[i].cut_to, shown_width(table_.columns[i].heading)));
    return widths;
  }
  [[nodiscard]] std::size_t too_wide(const Widths& widths) const {
    std::size_t sum = widths.empty() ? 0 : widths.size() - 1; // the spaces between
    for (auto width : widths) sum += width;
    return sum - std::min(sum, width_);
  }
  bool leave_one_out() {
    auto found = table_.columns.end();
    for (auto column = table_.columns.begin(); column != table_.columns.end(); ++column)
      if (column->left_out > 0 && (found == table_.columns.end() || column->left_out < found->left_out)) found = column;
    if (found == table_.columns.end()) return false;
    auto index = found - table_.columns.begin();
    table_.columns.erase(found);
    for (auto& row : table_.rows) row.erase(row.begin() + index);
    return true;
  }

  Table& table_;
  std::size_t width_;
};

// The library fills the last column up with spaces.
std::string without_spaces_at_ends(std::string_view text) {
  std::string result;
  while (!text.empty()) {
    auto line = text.substr(0, text.find('\n'));
    text.remove_prefix(std::min(line.size() + 1, text.size()));
    auto end = line.find_last_not_of(' ');
    result += line.substr(0, end == std::string_view::npos ? 0 : end + 1);
    result += '\n';
  }
  return result;
}

} // namespace

std::size_t shown_width(std::string_view text) {
  std::size_t width = 0;
  while (!text.empty()) {
    auto character = first_of(text);
    width += character.width;
    text.remove_prefix(character.bytes);
  }
  return width;
}

std::string cut_text(const std::string& text, std::size_t width) {
  if (shown_width(text) <= width) return text;
  std::string_view mark = MB_CUR_MAX > 1 ? "…" : "...";
  std::size_t used = shown_width(mark), end = 0;
  for (auto character = first_of(text); used + character.width <= width;
       character = first_of(std::string_view{text}.substr(end))) {
    used += character.width;
    end += character.bytes;
  }
  return text.substr(0, end) + std::string{mark};
}

std::expected<std::string, std::string> printed(Table table, const TableStyle& style) {
  static const Library library;
  if (!library.is_there())
    return std::unexpected{"tables need libsmartcols.so.1, which cannot be loaded: install the package libsmartcols1"};
  std::setlocale(LC_CTYPE, ""); // the library prints what is no character of the locale as \\xNN
  if (style.width) Fitting{table, *style.width}.fit();
  std::unique_ptr<libscols_table, decltype(library.unref_table)> made{library.new_table(), library.unref_table};
  library.enable_colours(made.get(), style.coloured ? 1 : 0);
  library.set_force(made.get(), style.width ? SCOLS_TERMFORCE_ALWAYS : SCOLS_TERMFORCE_NEVER);
  if (style.width) library.set_width(made.get(), *style.width);
  for (const auto& column : table.columns) add_column(library, made.get(), column);
  for (const auto& row : table.rows) add_row(library, made.get(), row);
  char* text = nullptr;
  if (int result = library.print_to_string(made.get(), &text); result != 0)
    return std::unexpected{std::format("the table cannot be printed: libsmartcols says {}", result)};
  std::unique_ptr<char, decltype(&std::free)> owned{text, &std::free};
  return without_spaces_at_ends(text != nullptr ? text : "");
}

std::string in_colour(std::string_view text, Colour colour) {
  const char* sequence = sequence_of(colour);
  return sequence == nullptr ? std::string{text} : std::format("{}{}\033[0m", sequence, text);
}

} // namespace upstart::client
