// Where everything of a plot stands, in pixels: each run a row, its bar made of a part for each state, the events that
// came from outside in a strip above, an arrow from what started a run to its bar. Pure; svg.hpp draws it.
#pragma once

#include "clients/views/timeline/critical-chain.hpp"

namespace upstart::client::plot {

// What a part of a bar stands for.
enum class Part : std::uint8_t {
  waiting,  // starting: its starting event has not finished
  hook,     // security, pre-start, post-start, pre-stop, post-stop: a process beside the main one
  spawning, // the main process is not ready yet
  running,
  ending, // stopping, killed
};

struct Segment {
  Part part = Part::running;
  std::string state;
  double from = 0, to = 0;
};

struct Row {
  const Run* run = nullptr;
  double y = 0; // of its top edge
  std::vector<Segment> segments = {};
  std::string name = {}; // cut to the width of the column
  std::string note = {}; // how long it took, and what started it
  double note_x = 0;
  bool note_ends_there = false; // at note_x, instead of beginning there
  bool goes_on = false;         // beyond the right edge
  bool is_critical = false;
};

// An event of which no job's life is the cause.
struct Mark {
  std::uint64_t event = 0;
  std::string name;
  double x = 0;
  int lane = 0;               // of its label; -1: there is no room for one
  bool label_is_left = false; // of x, since it would go beyond the right edge
};

struct Arrow {
  double from_x = 0, from_y = 0, to_x = 0, to_y = 0;
  bool is_last = true; // the event that came last; the others had come before
  bool is_critical = false;
};

struct Tick {
  double x = 0;
  std::string label;
};

struct Layout {
  double width = 0, height = 0;
  double left = 0, right = 0;      // of the part in which time runs
  double marks_y = 0;              // of the strip of events
  double rows_y = 0, rows_end = 0; // where the rows begin and end
  std::vector<Tick> ticks = {};
  std::vector<Mark> marks = {};
  std::vector<Row> rows = {};
  std::vector<Arrow> arrows = {}; // the critical ones last
};

inline constexpr double row_height = 20, bar_height = 14, lane_height = 14, header_height = 64, axis_height = 20;

[[nodiscard]] Part part_of(std::string_view state);

// Of the runs of the timeline that began within the window. The links point into the timeline, which outlives this.
[[nodiscard]] Layout lay_out(const Timeline& timeline, const Window& window, const std::vector<ChainLink>& chain);

} // namespace upstart::client::plot
