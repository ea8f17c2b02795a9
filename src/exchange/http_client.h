// HTTP GETs by libcurl, many at once, on a thread of its own.
//
// Speaks HTTP/1.1 and, over TLS, HTTP/2. Only http and https are ever opened, also after a
// redirect, and https never leads to http. Header bytes, redirects and stalls are bounded here; the
// body by whoever takes it.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include "base/bytes.h"
#include "base/clock.h"
#include "base/result.h"

namespace timerose::exchange {

inline constexpr size_t kReplyHeaderBytesMax = 64U << 10;
// Of a reply whose status is not 200: read to keep the connection, and thrown away.
inline constexpr size_t kRefusalBytesMax = 64U << 10;
// Slower than this for the time of a stall, and a reply is given up.
inline constexpr long kReplyBytesPerSecondMin = 512;

struct HttpClientOptions {
  uint32_t connections_of_host_max = 8;
  uint32_t connections_max = 64;
  uint64_t connect_timeout_ms = 5'000;
  uint64_t stall_timeout_ms = 10'000;
  std::string proxy;  // empty: none, whatever the environment says
};

struct HttpGet {
  std::string url;
  std::string accept;
  uint32_t redirects_max = 0;
  uint64_t timeout_ms = 0;  // of the whole; 0: none
};

struct HttpEnd {
  uint32_t status = 0;  // 0: no reply came
  bool whole = false;   // the reply came to its end
  std::string why;      // if it did not
  uint64_t retry_after_s = 0;
  uint64_t bytes = 0;          // of the body
  uint64_t first_byte_ns = 0;  // from the start; 0 if none came
  uint64_t duration_ns = 0;
};

// One reply as it comes. Called on the client's thread, which must not be held up.
class HttpReply {
 public:
  enum class Taken { kMore, kPause, kStop };

  virtual ~HttpReply() = default;
  // Of a reply of status 200, before its body. False ends it.
  virtual bool begin(const std::string& content_type) = 0;
  // The next bytes of the body. kPause: not taken, and offered again after resume().
  virtual Taken take(ByteView bytes) = 0;
  // Once, last, also after kStop. Not after cancel().
  virtual void end(const HttpEnd& end) = 0;
};

class HttpClient {
 public:
  enum class Id : uint64_t {};

  HttpClient(const HttpClientOptions& options, Clock& clock);
  // Ends what is under way, as cancel() does.
  ~HttpClient();

  // These return at once, and may be called from any thread.
  Id get(HttpGet get, std::unique_ptr<HttpReply> reply);
  void resume(Id id);
  void cancel(Id id);  // nothing is called any more once the client's thread has seen it

 private:
  struct Parts;
  std::unique_ptr<Parts> parts_;
};

}  // namespace timerose::exchange
