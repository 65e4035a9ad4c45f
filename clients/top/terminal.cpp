#include "clients/top/terminal.hpp"

#include <clocale>
#include <cstdlib>

#define NCURSES_NOMACROS
#include <curses.h>

namespace upstart::top {

namespace {

enum Pair : short { good = 1, busy, bad };

attr_t attributes_of(Style style) {
  switch (style) {
  case Style::plain: return A_NORMAL;
  case Style::dim: return A_DIM;
  case Style::header: return A_REVERSE;
  case Style::good: return static_cast<attr_t>(COLOR_PAIR(good));
  case Style::busy: return static_cast<attr_t>(COLOR_PAIR(busy));
  case Style::bad: return static_cast<attr_t>(COLOR_PAIR(bad)) | A_BOLD;
  case Style::picked: return A_REVERSE | A_BOLD;
  }
  return A_NORMAL;
}

Key kind_of(int code) {
  switch (code) {
  case KEY_UP: return Key::up;
  case KEY_DOWN: return Key::down;
  case KEY_PPAGE: return Key::page_up;
  case KEY_NPAGE: return Key::page_down;
  case KEY_HOME: return Key::home;
  case KEY_END: return Key::end;
  case KEY_ENTER:
  case '\r':
  case '\n': return Key::enter;
  case KEY_BACKSPACE:
  case '\b':
  case 127: return Key::backspace;
  case 27: return Key::escape;
  default: return code >= ' ' && code < 127 ? Key::character : Key::other;
  }
}

} // namespace

Terminal::Terminal() {
  std::setlocale(LC_ALL, "");
  ::initscr();
  ::set_escdelay(25); // an Escape of its own is known after so many ms
  ::cbreak();
  ::noecho();
  ::nodelay(stdscr, TRUE);
  ::keypad(stdscr, TRUE);
  ::curs_set(0);
  if (std::getenv("NO_COLOR") != nullptr || !::has_colors()) return;
  ::start_color();
  ::use_default_colors();
  ::init_pair(good, COLOR_GREEN, -1);
  ::init_pair(busy, COLOR_YELLOW, -1);
  ::init_pair(bad, COLOR_RED, -1);
}

Terminal::~Terminal() { ::endwin(); }

Size Terminal::size() const {
  return {.rows = static_cast<std::size_t>(getmaxy(stdscr)), .columns = static_cast<std::size_t>(getmaxx(stdscr))};
}

// Only what has changed is sent to the terminal.
void Terminal::draw(const std::vector<Line>& lines) {
  ::werase(stdscr);
  int row = 0;
  for (const auto& line : lines) {
    ::wattrset(stdscr, static_cast<int>(attributes_of(line.style)));
    ::mvwaddstr(stdscr, row++, 0, line.text.c_str());
  }
  ::wattrset(stdscr, A_NORMAL);
  ::wrefresh(stdscr);
}

std::optional<PressedKey> Terminal::key() {
  int code = ::wgetch(stdscr);
  if (code == ERR) return std::nullopt;
  auto kind = kind_of(code);
  return PressedKey{.key = kind, .character = kind == Key::character ? static_cast<char>(code) : '\0'};
}

void Terminal::forget_screen() { ::clearok(stdscr, TRUE); }

} // namespace upstart::top
