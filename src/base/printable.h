// Text from elsewhere, as a terminal may be given it.
#pragma once

#include <string>
#include <string_view>

namespace timerose {

// Each control character, C1 (in UTF-8) and DEL among them, is a '?', so that none moves the cursor
// or changes the terminal. Line ends and tabs stay.
std::string printable(std::string_view text);
// Line ends and tabs too are '?'.
std::string printable_line(std::string_view text);

}  // namespace timerose
