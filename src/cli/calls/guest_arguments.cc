#include "cli/calls/guest_arguments.h"

#include <algorithm>
#include <iterator>

namespace timerose::cli {
namespace {

enum class Word { kOther, kOption, kOptionWithValueBehind };

Word classify(const CLI::App& command, const std::string& word) {
  if (word.size() < 2 || word[0] != '-') return Word::kOther;
  const bool is_long = word[1] == '-';
  const size_t end = is_long ? std::min(word.find('='), word.size()) : 2;
  const CLI::Option* option = command.get_option_no_throw(word.substr(0, end));
  if (option == nullptr) return Word::kOther;
  const bool takes_value = option->get_items_expected_max() > 0;
  return takes_value && end == word.size() ? Word::kOptionWithValueBehind : Word::kOption;
}

bool asks_for_help(const std::string& word) { return word == "-h" || word == "--help"; }

}  // namespace

std::vector<std::string> take_guest_arguments(const CLI::App& command,
                                              std::vector<std::string>& words) {
  bool function_seen = false;
  size_t i = 0;
  while (i < words.size()) {
    const std::string& word = words[i];
    if (word == "--") {
      if (!function_seen) {  // the function is the next word, whatever it looks like
        function_seen = true;
        i = std::min(i + 2, words.size());
        if (i == words.size() || words[i] != "--") break;
      }
      words.erase(words.begin() + static_cast<ptrdiff_t>(i));
      break;
    }
    const Word kind = classify(command, word);
    if (kind == Word::kOther) {
      const bool is_unknown_option = word.size() > 1 && word[0] == '-';
      if (function_seen || is_unknown_option) break;
      function_seen = true;
    } else if (function_seen && asks_for_help(word)) {
      break;
    }
    i += kind == Word::kOptionWithValueBehind ? 2 : 1;
  }
  if (!function_seen) return {};  // the parser says what is wrong
  const auto from = words.begin() + static_cast<ptrdiff_t>(std::min(i, words.size()));
  std::vector<std::string> guest(std::make_move_iterator(from),
                                 std::make_move_iterator(words.end()));
  words.erase(from, words.end());
  return guest;
}

}  // namespace timerose::cli
