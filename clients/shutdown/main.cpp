#include "clients/shutdown/shutdown.hpp"

int main(int argc, char** argv) {
  upstart::client::occupy_standard_descriptors();
  auto context = upstart::client::ProcessContext::of_this_process();
  return upstart::client::shutdown({argv, argv + argc}, context);
}
