// Receipts that contradict each other, for a person and as JSON.
#pragma once

#include <nlohmann/json.hpp>

#include "cli/program/session.h"
#include "scheduler/verify/evidence.h"

namespace timerose::cli {

// The bytes of an object that is named by a CID or a path below one, by a file, or by "-".
Result<Bytes> read_object(Session& session, const std::string& text, size_t bytes_max);

// `finding` is what `evidence` shows.
Status show_finding(Session& session, const scheduler::verify::Evidence& evidence,
                    const scheduler::verify::Finding& finding);
nlohmann::ordered_json finding_json(const scheduler::verify::Evidence& evidence,
                                    const scheduler::verify::Finding& finding);

}  // namespace timerose::cli
