#include "cli/content.h"

#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <thread>

#include "cli/batching_sink.h"
#include "cli/import_path.h"

namespace timerose::cli {
namespace {

// Whether a person who typed this surely meant a CID.
bool looks_like_cid(std::string_view text) {
  return text.starts_with("/ipfs/") || text.starts_with("ipfs://") || text.starts_with("Qm") ||
         text.starts_with("baf");
}

Result<Cid> add_local(Session& session, const std::string& text, const unixfs::Layout& layout,
                      Access access) {
  TR_ASSIGN(auto* store, session.blockstore(access));
  BatchingSink batch(store);
  ImportPathOptions options;
  options.import.layout = layout;
  options.import.hash_threads = std::thread::hardware_concurrency();
  auto imported = text == "-" ? import_descriptor(STDIN_FILENO, options.import, batch.sink())
                              : import_path(text, "", options, batch.sink());
  if (!imported.ok()) return std::move(imported).error();
  TR_TRY(batch.flush());
  TR_TRY(store->flush());
  return imported->cid;
}

// What was added before is found by reading alone, so that a call on it can be answered by the memo
// without opening the repository for writing. The first block that is not there ends the attempt.
Result<Cid> find_or_add_local(Session& session, const std::string& text,
                              const unixfs::Layout& layout) {
  auto found = add_local(session, text, layout, Access::kReadOnly);
  const bool absent = !found.ok() && found.error().code == ErrorCode::kPermission;
  return absent ? add_local(session, text, layout, Access::kReadWrite) : std::move(found);
}

}  // namespace

Result<Cid> resolve_path(Session& session, std::string_view text) {
  TR_ASSIGN(const auto path, unixfs::Path::parse(text));
  if (path.segments.empty()) return path.root;
  TR_ASSIGN(auto* store, session.blockstore(Access::kReadOnly));
  return unixfs::resolve_to_cid(*store, path);
}

Result<unixfs::Resolved> resolve_inside(Session& session, std::string_view text) {
  TR_ASSIGN(const auto path, unixfs::Path::parse(text));
  TR_ASSIGN(auto* store, session.blockstore(Access::kReadOnly));
  return unixfs::resolve(*store, path);
}

Result<Cid> resolve_content(Session& session, const std::string& text,
                            const unixfs::Layout& layout) {
  if (text == "-") return add_local(session, text, layout, Access::kReadWrite);
  const auto path = unixfs::Path::parse(text);
  if (path.ok()) return resolve_path(session, text);
  struct stat status{};
  if (stat(text.c_str(), &status) == 0) return find_or_add_local(session, text, layout);
  if (looks_like_cid(text)) return path.error();
  return Error{ErrorCode::kNotFound,
               fmt::format("'{}' is neither a CID nor a file or folder here", text)};
}

}  // namespace timerose::cli
