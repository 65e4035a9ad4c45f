#include "daemons/base/program/logging.hpp"

#include "daemons/base/program/log-format.hpp"

#include <spdlog/formatter.h>
#include <spdlog/sinks/stdout_sinks.h>
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
  auto logger = std::make_shared<spdlog::logger>(program, std::make_shared<spdlog::sinks::stderr_sink_st>());
  logger->set_formatter(std::make_unique<Formatter>(LogFormat::for_standard_error(program)));
  logger->set_level(level);
  spdlog::set_default_logger(std::move(logger));
}

} // namespace upstart::base
