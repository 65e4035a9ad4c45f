// What is shown to people of values that others have chosen (variables of events, names of instances, what jobs say of
// themselves): control characters, which would act on the terminal or break a line, as \xNN; all else as it is.
#pragma once

#include <string>
#include <string_view>

namespace upstart::client {

// Control characters of ASCII, and of UTF-8 those from U+0080 to U+009F. What is no UTF-8 stays.
[[nodiscard]] std::string visible(std::string_view value);
// The same of whole lines: newlines and tabs stay.
[[nodiscard]] std::string visible_lines(std::string_view text);

} // namespace upstart::client
