#include "clients/initctl/initctl.hpp"

#include <iostream>

int main(int argc, char** argv) {
  upstart::client::occupy_standard_descriptors();
  std::ios::sync_with_stdio(false);
  auto context = upstart::client::ProcessContext::of_this_process();
  return upstart::client::run({argv, argv + argc}, context);
}
