// Files that are replaced whole: whoever reads them sees the old text or the new one.
#pragma once

#include <expected>
#include <string>
#include <string_view>

namespace upstart::client {

// Of a file that can be read. The error is errno.
[[nodiscard]] std::expected<std::string, int> read_file(const std::string& path);
// By a hidden file beside it, which init does not look at; its directories are made. Mode and owner of a file that is
// there are kept. The error says what could not be done.
[[nodiscard]] std::expected<void, std::string> write_file(const std::string& path, std::string_view text);
[[nodiscard]] std::expected<void, std::string> remove_file(const std::string& path);

} // namespace upstart::client
