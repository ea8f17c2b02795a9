#include "cli/content/block_input.h"

#include "base/file.h"
#include "cli/program/words_input.h"

namespace timerose::cli {

Result<Bytes> read_source(const Streams& streams, const std::string& source, size_t bytes_max) {
  if (source != "-") return read_file(path_of_client(streams, source), bytes_max);
  TR_ASSIGN(const std::string text, read_stdin(streams, bytes_max));
  return to_bytes(as_bytes(text));
}

}  // namespace timerose::cli
