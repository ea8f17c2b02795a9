// What a person names on the command line, as content: X is a CID, CID/path, /ipns/NAME/path, a
// local path or "-".
#pragma once

#include <string>
#include <string_view>

#include "base/result.h"
#include "cli/program/session.h"
#include "multiformats/cid.h"
#include "unixfs/layout.h"
#include "unixfs/resolve.h"

namespace timerose::cli {

// "CID", "CID/path", "/ipfs/CID/path" or "ipfs://CID/path"; of "/ipns/NAME/path" and
// "ipns://NAME/path" what they stand for now.
Result<unixfs::Path> path_of(Session& session, std::string_view text);
// The block that such a path leads to.
Result<Cid> resolve_path(Session& session, std::string_view text);
Result<Cid> resolve_path(Session& session, const unixfs::Path& path);
// The same where the path may end inside a block.
Result<unixfs::Resolved> resolve_inside(Session& session, std::string_view text);

// A CID or CID/path is resolved; a local path or "-" (standard input) is added first and flushed.
// What reads as a CID is one: write ./NAME for a file of that name. kNotFound if it is neither.
Result<Cid> resolve_content(Session& session, const std::string& text,
                            const unixfs::Layout& layout = unixfs::unixfs_v1_2025());

// What is said of a word that is no path to content, as `why` says, and names nothing here; of what
// surely was meant as a CID, `why` itself.
Error names_nothing(std::string_view text, std::string_view expected, Error why);

}  // namespace timerose::cli
