#include "daemons/base/log/logging.hpp"

#include "daemons/base/log/log-format.hpp"
#include "daemons/base/log/log-stream.hpp"

#include <spdlog/details/null_mutex.h>
#include <spdlog/formatter.h>
#include <spdlog/sinks/base_sink.h>
#include <spdlog/spdlog.h>

namespace upstart::base {

namespace {

Severity severity_of(spdlog::level::level_enum level) {
  switch (level) {
  case spdlog::level::critical: return Severity::critical;
  case spdlog::level::err: return Severity::error;
  case spdlog::level::warn: return Severity::warning;
  case spdlog::level::info: return Severity::info;
  default: return Severity::debug;
  }
}

class Formatter final : public spdlog::formatter {
public:
  explicit Formatter(LogFormat format) : format_{std::move(format)} {}
  void format(const spdlog::details::log_msg& message, spdlog::memory_buf_t& into) override {
    auto line = format_.line(severity_of(message.level), {message.payload.data(), message.payload.size()},
                             spdlog::log_clock::to_time_t(message.time));
    into.append(line.data(), line.data() + line.size());
  }
  [[nodiscard]] std::unique_ptr<spdlog::formatter> clone() const override {
    return std::make_unique<Formatter>(format_);
  }

private:
  LogFormat format_;
};

class Sink final : public spdlog::sinks::base_sink<spdlog::details::null_mutex> {
public:
  explicit Sink(LogFormat format) : format_{std::move(format)} {}

private:
  void sink_it_(const spdlog::details::log_msg& message) override {
    spdlog::memory_buf_t line;
    formatter_->format(message, line);
    stream_.write({line.data(), line.size()}, [&](std::uint64_t lines) {
      return format_.line(Severity::warning, dropped_message(lines), spdlog::log_clock::to_time_t(message.time));
    });
  }
  void flush_() override {}

  LogFormat format_;
  LogStream stream_{STDERR_FILENO};
};

} // namespace

spdlog::level::level_enum LogLevels::of(Verbosity verbosity) const {
  switch (verbosity) {
  case Verbosity::quiet: return quiet;
  case Verbosity::normal: return normal;
  case Verbosity::verbose: return verbose;
  case Verbosity::debug: return debug;
  }
  return normal;
}

void open_log(const std::string& program, spdlog::level::level_enum level) {
  auto format = LogFormat::for_standard_error(program);
  auto logger = std::make_shared<spdlog::logger>(program, std::make_shared<Sink>(format));
  logger->set_formatter(std::make_unique<Formatter>(format));
  logger->set_level(level);
  spdlog::set_default_logger(std::move(logger));
}

} // namespace upstart::base
