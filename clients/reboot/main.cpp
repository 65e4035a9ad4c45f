#include "clients/reboot/reboot.hpp"

int main(int argc, char** argv) {
  upstart::client::occupy_standard_descriptors();
  auto context = upstart::client::ProcessContext::of_this_process();
  upstart::client::RealMachine machine;
  return upstart::client::reboot({argv, argv + argc}, context, machine);
}
