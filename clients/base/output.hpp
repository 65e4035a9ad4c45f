// What a program prints. A write that fails (a full disk, a reader that has gone) is noted with its reason, so that at
// the end the program can say that its output is not complete, instead of leaving with success.
#pragma once

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <ostream>
#include <string_view>

namespace upstart::client {

class Output {
public:
  Output(std::ostream& stream) : stream_{stream} {} // NOLINT(google-explicit-constructor): a stream with a memory

  void write(std::string_view text) {
    note([&] { stream_ << text; });
  }
  void flush() {
    note([&] { stream_.flush(); });
  }
  [[nodiscard]] bool good() const { return error_ == 0; }
  // Of the first write that failed, as errno; 0: all that was written so far has arrived, once it is flushed.
  [[nodiscard]] int error() const { return error_; }

private:
  template <typename Write> void note(Write write) {
    if (error_ != 0) return;
    errno = 0;
    write();
    if (!stream_) error_ = errno != 0 ? errno : EIO;
  }

  std::ostream& stream_;
  int error_ = 0;
};

// Of the standard descriptors those that are closed are opened, such that using them fails: else the next file or
// socket would get their number, and what is printed would go there.
inline void occupy_standard_descriptors() {
  for (int descriptor : {STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO})
    if (::fcntl(descriptor, F_GETFD) < 0) (void)::open("/dev/null", descriptor == STDIN_FILENO ? O_WRONLY : O_RDONLY);
}

} // namespace upstart::client
