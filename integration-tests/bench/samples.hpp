// Times of one kind, in microseconds, and the way out of this program: a line `NAME VALUE VALUE …`. What they mean
// (median, p99, ratio) is the business of whoever reads it.
#pragma once

#include <chrono>
#include <print>
#include <string_view>
#include <vector>

namespace upstart::bench {

using Clock = std::chrono::steady_clock;
using Samples = std::vector<double>;

inline double microseconds_since(Clock::time_point begin) {
  return std::chrono::duration<double, std::micro>(Clock::now() - begin).count();
}

template <typename Work> double time_of(Work&& work) {
  auto begin = Clock::now();
  work();
  return microseconds_since(begin);
}

inline void print_samples(std::string_view name, const Samples& samples) {
  std::print("{}", name);
  for (double sample : samples) std::print(" {:.1f}", sample);
  std::println("");
}

} // namespace upstart::bench
