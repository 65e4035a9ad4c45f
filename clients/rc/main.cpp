#include "clients/rc/rc.hpp"

int main(int argc, char** argv) {
  upstart::client::occupy_standard_descriptors();
  auto context = upstart::client::ProcessContext::of_this_process();
  return upstart::client::rc({argv, argv + argc}, context);
}
