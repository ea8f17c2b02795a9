// letters: sorts the lines of the input files /in/0, /in/1, ... by their first letter into
// /out/a.txt ... /out/z.txt and /out/other.txt, each sorted, and writes /out/index.txt with the
// counts: a function whose output is a directory.
#include <algorithm>
#include <cctype>
#include <cstdio>
#include <map>
#include <memory>
#include <string>
#include <vector>

namespace {

using File = std::unique_ptr<std::FILE, decltype(&std::fclose)>;

File open(const std::string& path, const char* mode) {
  return {std::fopen(path.c_str(), mode), &std::fclose};
}

std::string bucket_of(const std::string& line) {
  for (const unsigned char c : line) {
    if (std::isalpha(c)) return std::string(1, static_cast<char>(std::tolower(c)));
  }
  return "other";
}

std::vector<std::string> lines_of(std::FILE* file) {
  std::vector<std::string> lines;
  std::string line;
  for (int c; (c = std::fgetc(file)) != EOF;) {
    if (c != '\n') {
      line.push_back(static_cast<char>(c));
    } else if (!line.empty()) {
      lines.push_back(std::move(line));
      line.clear();
    }
  }
  if (!line.empty()) lines.push_back(std::move(line));
  return lines;
}

bool write_lines(const std::string& path, const std::vector<std::string>& lines) {
  const File file = open(path, "wb");
  if (!file) return false;
  for (const std::string& line : lines) std::fprintf(file.get(), "%s\n", line.c_str());
  return std::ferror(file.get()) == 0;
}

}  // namespace

int main() {
  std::map<std::string, std::vector<std::string>> buckets;
  int inputs = 0;
  for (;; inputs++) {
    const File file = open("/in/" + std::to_string(inputs), "rb");
    if (!file) break;
    for (std::string& line : lines_of(file.get())) buckets[bucket_of(line)].push_back(line);
  }
  if (inputs == 0) {
    std::fprintf(stderr, "letters: no input; give at least one --input\n");
    return 2;
  }
  std::vector<std::string> index;
  for (auto& [name, lines] : buckets) {
    std::sort(lines.begin(), lines.end());
    if (!write_lines("/out/" + name + ".txt", lines)) return 1;
    index.push_back(name + " " + std::to_string(lines.size()));
  }
  return write_lines("/out/index.txt", index) ? 0 : 1;
}
