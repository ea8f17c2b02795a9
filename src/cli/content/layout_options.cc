#include "cli/content/layout_options.h"

#include <fmt/format.h>

#include "base/units.h"
#include "cli/program/grammar.h"

namespace timerose::cli {
namespace {

Result<uint32_t> chunk_bytes_of(const std::string& chunker) {
  constexpr std::string_view kPrefix = "size-";
  if (chunker.starts_with(kPrefix)) {
    const auto size = parse_bytes(std::string_view(chunker).substr(kPrefix.size()));
    // The layout's own check names the limit.
    if (size.ok()) return static_cast<uint32_t>(std::min<uint64_t>(*size, UINT32_MAX));
  }
  return Error{ErrorCode::kInvalidArgument,
               fmt::format("--chunker: expected size-N with N in bytes, such as size-262144 or "
                           "size-1MiB, found '{}'",
                           chunker)};
}

}  // namespace

void add_layout_options(CLI::App& command, LayoutOptions& options) {
  add_text(command, "--profile", options.profile,
           "unixfs-v1-2025 (default), unixfs-v0-2015 or fan-2021")
      ->type_name("NAME");
  add_text(command, "--cid-version", options.cid_version, "Version of the CIDs")
      ->check(CLI::IsMember({"0", "1"}));
  add_switch(command, "--raw-leaves", options.raw_leaves,
             "Leaves are raw blocks; --raw-leaves=false: UnixFS nodes");
  add_text(command, "-s,--chunker", options.chunker, "size-N: pieces of N bytes")
      ->type_name("size-N");
  add_text(command, "--hash", options.hash, "Hash function (see `timerose cid hashes`)")
      ->type_name("NAME");
}

Result<unixfs::Layout> layout_of(const LayoutOptions& options, std::string_view profile_default) {
  const std::string_view profile =
      options.profile.empty() ? profile_default : std::string_view(options.profile);
  TR_ASSIGN(unixfs::Layout layout, unixfs::profile_named(profile));
  if (!options.hash.empty()) {
    TR_ASSIGN(layout.hash, hash_named(options.hash));
  }
  if (!options.cid_version.empty()) {
    layout.cid_version = options.cid_version == "1" ? 1 : 0;
    layout.raw_leaves = layout.cid_version == 1;
  }
  if (!options.raw_leaves.empty()) layout.raw_leaves = options.raw_leaves == "true";
  if (!options.chunker.empty()) {
    TR_ASSIGN(layout.chunk_bytes, chunk_bytes_of(options.chunker));
  }
  TR_TRY(unixfs::validate(layout));
  return layout;
}

}  // namespace timerose::cli
