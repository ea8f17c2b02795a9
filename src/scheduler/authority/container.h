// Tokens as a file or as a line of text: the UCAN container 1 (github.com/ucan-wg/container), which
// is {"ctn-v1": [token, ...]} in DAG-CBOR behind a byte that says how that is written.
#pragma once

#include <string>
#include <vector>

#include "base/bytes.h"
#include "base/result.h"
#include "scheduler/authority/chain.h"

namespace timerose::scheduler::authority {

inline constexpr size_t kContainerTokensMax = 64;
inline constexpr size_t kContainerBytesMax = 1U << 20;

// One line of text, "C" and base64url, without its end.
std::string write_container(const std::vector<TokenRef>& tokens);

// Reads the raw and the two base64 forms, with white space around; kUnsupported for the compressed
// ones. Signatures are verified: a container with a token that is forged is kMismatch.
Result<std::vector<TokenRef>> read_container(ByteView bytes);

}  // namespace timerose::scheduler::authority
