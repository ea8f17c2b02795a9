// The constant bytes around a UCAN's payload (UCAN 1.0, Envelope; Varsig 1).
#pragma once

#include <array>
#include <string_view>

#include "crypto/key.h"

namespace timerose::scheduler::authority {

inline constexpr std::string_view kDelegationTag = "ucan/dlg@1.0.0";
inline constexpr std::string_view kInvocationTag = "ucan/inv@1.0.0";
// The same formats, as the release candidate of the specification names them.
inline constexpr std::string_view kDelegationTagBefore = "ucan/dlg@1.0.0-rc.1";
inline constexpr std::string_view kInvocationTagBefore = "ucan/inv@1.0.0-rc.1";

// Varsig, version 1, EdDSA on edwards25519 with SHA-512, of DAG-CBOR.
inline constexpr auto kVarsigHeader =
    std::to_array<uint8_t>({0x34, 0x01, 0xed, 0x01, 0xed, 0x01, 0x13, 0x71});

// A list of two, of which the first is 64 bytes: the signature. All after it is what was signed.
inline constexpr auto kEnvelopeHead = std::to_array<uint8_t>({0x82, 0x58, 0x40});
inline constexpr size_t kSignedFrom = kEnvelopeHead.size() + std::tuple_size_v<Signature>;

}  // namespace timerose::scheduler::authority
