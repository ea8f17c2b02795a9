// A CID written by a template, as Kubo's `cid format` has it.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"
#include "multiformats/cid.h"

namespace timerose::cli {

//   %s %S  the CID with and without its multibase prefix     %v %V  "cidv1" and "1"
//   %b %B  the multibase by name and by prefix               %c %C  the codec by name and by code
//   %h %H  the hash function by name and by code             %L     bytes of the digest
//   %m %M  the multihash with and without multibase prefix   %d %D  the digest, likewise
//   %P     "cidv1-raw-sha2-256-32"                           %%     a percent sign
// kInvalidArgument for another letter. No `base`: the one the CID is usually written in.
Result<std::string> format_cid(const Cid& cid, std::string_view format,
                               std::optional<Multibase> base);

}  // namespace timerose::cli
