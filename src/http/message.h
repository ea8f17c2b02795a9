// HTTP requests and responses as handlers see them, whatever carries them.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/bytes.h"
#include "base/result.h"

namespace timerose::http {

// Whether two names of headers, parameters or media types are the same: ASCII case does not count.
bool same_name(std::string_view a, std::string_view b);

// In order; names in any case.
class Headers {
 public:
  void add(std::string_view name, std::string_view value) { fields_.emplace_back(name, value); }
  // The first of this name; empty if there is none.
  [[nodiscard]] std::string_view find(std::string_view name) const;
  // All values of this name, joined by ", ", as RFC 9110 section 5.3 has it.
  [[nodiscard]] std::string join(std::string_view name) const;
  [[nodiscard]] bool has(std::string_view name) const;
  [[nodiscard]] const std::vector<std::pair<std::string, std::string>>& fields() const {
    return fields_;
  }

 private:
  std::vector<std::pair<std::string, std::string>> fields_;
};

enum class Method { kGet, kHead, kOther };

struct Request {
  Method method = Method::kGet;
  std::string target;  // "/ipfs/bafy...?format=raw", as it was sent
  Headers headers;
};

// A body that is made while it is sent. Never used by two threads at once.
class BodyStream {
 public:
  virtual ~BodyStream() = default;
  // The next bytes, in pieces; none at the end. May block. After an error the connection is cut, so
  // that the client sees that the body is not whole.
  virtual Result<std::vector<SharedBytes>> next() = 0;
};

struct Response {
  uint32_t status = 200;
  Headers headers;  // without Content-Length, Transfer-Encoding, Connection and Date
  // One of both, or neither for an empty body.
  SharedBytes body;
  std::unique_ptr<BodyStream> stream;
  // What Content-Length says of the body that a HEAD leaves out; that of a stream is not known.
  uint64_t head_bytes = 0;
};

// A text/plain answer that says what is wrong and what to do.
Response text_response(uint32_t status, std::string_view message);

}  // namespace timerose::http
