// A path that may begin with a name: "/ipns/NAME/a/b", beside those that begin with a CID.
#pragma once

#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "base/result.h"
#include "multiformats/cid.h"
#include "multiformats/peer_id.h"

namespace timerose::names {

// Longest text of a domain, and of one of its labels (RFC 1035).
inline constexpr size_t kDomainBytesMax = 253;
inline constexpr size_t kLabelBytesMax = 63;

// "example.org": lower case, without a dot at its end.
struct Domain {
  std::string text;
  bool operator==(const Domain&) const = default;

  // kInvalidArgument for what cannot be one: other characters than letters, digits, '-' and '_', or
  // a label or a whole that is too long. One label alone is none.
  static Result<Domain> parse(std::string_view text);
};

struct NamePath {
  std::variant<Cid, PeerId, Domain> root;
  std::vector<std::string> segments;  // as unixfs::Path has them

  bool operator==(const NamePath&) const = default;
  [[nodiscard]] bool is_immutable() const { return std::holds_alternative<Cid>(root); }

  // "/ipfs/CID/a", "/ipld/CID/a", "/ipns/NAME/a" and the URLs "ipfs://CID/a", "ipns://NAME/a". NAME
  // is a PeerID in any of its forms or a domain. kInvalidArgument for other text.
  static Result<NamePath> parse(std::string_view text);
  // "/ipfs/CID/a", "/ipns/k51.../a", "/ipns/example.org/a"; a URL if a segment holds a '/'.
  // parse()'s inverse.
  [[nodiscard]] std::string to_string() const;
};

// Whether `text` can only be meant as a path that begins with a name.
bool is_name_path(std::string_view text);

}  // namespace timerose::names
