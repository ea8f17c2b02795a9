#include "wasm/wasi/vfs/walk.h"

#include <vector>

namespace timerose::wasi::vfs {
namespace {

class Walk {
 public:
  Walk(Tree& tree, const NodePtr& start) : tree_(tree), passed_{start} {}

  Attempt<Place> run(std::string_view path, LastLink last) {
    rest_ = path;
    while (true) {
      at_ = std::min(rest_.find_first_not_of('/', at_), rest_.size());
      if (at_ == rest_.size()) return Place{passed_.back(), "", passed_.back(), false};
      const std::string segment = rest_.substr(at_, rest_.find('/', at_) - at_);
      at_ += segment.size();
      const bool is_last = rest_.find_first_not_of('/', at_) == std::string::npos;
      WASI_ASSIGN(auto place, step(segment, is_last, last));
      if (place) return std::move(*place);
    }
  }

 private:
  // One segment; the Place if the walk ends with it.
  Attempt<std::optional<Place>> step(const std::string& segment, bool is_last, LastLink last) {
    if (segment == ".") return std::optional<Place>();
    if (segment == "..") {
      if (passed_.size() == 1) return Errno::kPerm;
      passed_.pop_back();
      return std::optional<Place>();
    }
    WASI_ASSIGN(NodePtr node, tree_.find(passed_.back(), segment));
    const bool slash_behind = at_ < rest_.size();
    if (node && node->is_symlink() && follows(is_last, slash_behind, last)) {
      WASI_TRY(expand(*node));
      return std::optional<Place>();
    }
    if (is_last) return std::optional(Place{passed_.back(), segment, node, slash_behind});
    if (!node) return Errno::kNoent;
    if (!node->is_directory()) return Errno::kNotdir;
    passed_.push_back(std::move(node));
    return std::optional<Place>();
  }

  static bool follows(bool is_last, bool slash_behind, LastLink last) {
    if (!is_last || last == LastLink::kFollow) return true;
    return slash_behind && last == LastLink::kStay;
  }

  Attempt<void> expand(const Node& link) {
    if (++links_followed_ > kSymlinksMax) return Errno::kLoop;
    if (link.target.empty()) return Errno::kNoent;
    if (link.target.size() + (rest_.size() - at_) > kWalkBytesMax) return Errno::kNametoolong;
    if (link.target.find('\0') != std::string::npos) return Errno::kInval;
    if (link.target.front() == '/') {
      if (passed_.front() != tree_.root()) return Errno::kPerm;
      passed_.resize(1);
    }
    rest_ = link.target + rest_.substr(at_);
    at_ = 0;
    return {};
  }

  Tree& tree_;
  std::vector<NodePtr> passed_;  // directories, the start first
  std::string rest_;             // what is left to walk, from at_
  size_t at_ = 0;
  int links_followed_ = 0;
};

}  // namespace

Attempt<Place> resolve(Tree& tree, const NodePtr& start, std::string_view path, LastLink last) {
  if (!start->is_directory()) return Errno::kNotdir;
  if (path.empty()) return Errno::kNoent;
  if (path.size() > kPathBytesMax) return Errno::kNametoolong;
  if (path.find('\0') != std::string_view::npos) return Errno::kInval;
  if (path.front() == '/') return Errno::kPerm;
  return Walk(tree, start).run(path, last);
}

Attempt<Place> resolve_existing(Tree& tree, const NodePtr& start, std::string_view path,
                                LastLink last) {
  WASI_ASSIGN(auto place, resolve(tree, start, path, last));
  if (!place.node) return Errno::kNoent;
  if (place.slash_behind && !place.node->is_directory()) return Errno::kNotdir;
  return place;
}

}  // namespace timerose::wasi::vfs
