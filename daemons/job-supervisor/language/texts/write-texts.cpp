// write-texts ROOT: writes the generated texts of the tree at ROOT anew, those that have changed.
#include "daemons/job-supervisor/language/texts/texts.hpp"

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <print>

namespace {

bool write_anew(const std::filesystem::path& root, const upstart::supervisor::texts::Text& text) {
  const auto path = root / text.path;
  std::ifstream file(path);
  const std::string now{std::istreambuf_iterator(file), {}};
  const auto renewed = text.renewed(now);
  if (!renewed) return std::println(stderr, "write-texts: {}: {}", path.string(), renewed.error()), false;
  if (*renewed == now) return true;
  std::filesystem::create_directories(path.parent_path());
  std::ofstream out(path);
  if (!(out << *renewed) || !out.flush())
    return std::println(stderr, "write-texts: {}: cannot be written", path.string()), false;
  std::println("{}", path.string());
  return true;
}

} // namespace

int main(int argc, char** argv) {
  if (argc != 2) return std::println(stderr, "usage: write-texts ROOT"), 2;
  bool all = true;
  for (const auto& text : upstart::supervisor::texts::generated_texts()) all = write_anew(argv[1], text) && all;
  return all ? EXIT_SUCCESS : EXIT_FAILURE;
}
