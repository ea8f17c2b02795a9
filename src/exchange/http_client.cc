#include "exchange/http_client.h"

#include <curl/curl.h>

#include <algorithm>
#include <charconv>
#include <mutex>
#include <thread>
#include <unordered_map>
#include <vector>

#include "base/check.h"

namespace timerose::exchange {
namespace {

constexpr long kBufferBytes = 128L << 10;
constexpr int kPollMs = 1000;
constexpr uint64_t kRetryAfterSecondsMax = 3600;

// The library wants one call before all others, in a process.
void initialize_library() {
  static std::once_flag once;
  std::call_once(once, [] { CHECK(curl_global_init(CURL_GLOBAL_DEFAULT) == CURLE_OK); });
}

// A request under way. Of the client's thread.
struct Transfer {
  HttpGet get;
  std::unique_ptr<HttpReply> reply;
  Clock* clock = nullptr;
  CURL* easy = nullptr;
  curl_slist* headers = nullptr;
  HttpEnd end;
  uint64_t started_ns = 0;
  size_t header_bytes = 0;
  bool begun = false;
  std::string stopped_why;

  ~Transfer() {
    curl_slist_free_all(headers);
    if (easy != nullptr) curl_easy_cleanup(easy);
  }
};

long status_of(CURL* easy) {
  long status = 0;
  curl_easy_getinfo(easy, CURLINFO_RESPONSE_CODE, &status);
  return status;
}

size_t stop(Transfer& transfer, std::string why) {
  transfer.stopped_why = std::move(why);
  return 0;  // fewer bytes than were offered end a transfer
}

size_t on_header(char* data, size_t size, size_t count, void* context) {
  auto& transfer = *static_cast<Transfer*>(context);
  const std::string_view line(data, size * count);
  transfer.header_bytes += line.size();
  if (transfer.header_bytes > kReplyHeaderBytesMax) {
    return stop(transfer, "headers longer than " + std::to_string(kReplyHeaderBytesMax) + " bytes");
  }
  return line.size();
}

bool begin(Transfer& transfer) {
  transfer.begun = true;
  transfer.end.first_byte_ns = transfer.clock->monotonic_ns() - transfer.started_ns;
  if (status_of(transfer.easy) != 200) return true;
  const char* type = nullptr;
  curl_easy_getinfo(transfer.easy, CURLINFO_CONTENT_TYPE, &type);
  return transfer.reply->begin(type != nullptr ? type : "");
}

size_t on_body(char* data, size_t size, size_t count, void* context) {
  auto& transfer = *static_cast<Transfer*>(context);
  const std::string_view bytes(data, size * count);
  if (!transfer.begun && !begin(transfer)) return stop(transfer, "not the type that was asked for");
  if (status_of(transfer.easy) != 200) {
    transfer.end.bytes += bytes.size();
    if (transfer.end.bytes > kRefusalBytesMax) return stop(transfer, "a refusal without an end");
    return bytes.size();
  }
  switch (transfer.reply->take(as_bytes(bytes))) {
    case HttpReply::Taken::kMore:
      transfer.end.bytes += bytes.size();
      return bytes.size();
    case HttpReply::Taken::kPause:
      return CURL_WRITEFUNC_PAUSE;
    case HttpReply::Taken::kStop:
      break;
  }
  return stop(transfer, "more, or other bytes, than were asked for");
}

uint64_t retry_after_seconds(CURL* easy) {
  curl_off_t seconds = 0;
  curl_easy_getinfo(easy, CURLINFO_RETRY_AFTER, &seconds);
  return std::min<uint64_t>(seconds > 0 ? static_cast<uint64_t>(seconds) : 0,
                            kRetryAfterSecondsMax);
}

}  // namespace

struct HttpClient::Parts {
  Parts(const HttpClientOptions& given, Clock& time) : options(given), clock(time) {}

  void run();
  void post(std::function<void()> task);
  void start(Id id, std::unique_ptr<Transfer> transfer);
  void set_up(Transfer& transfer) const;
  void finish_ended();
  void finish(CURL* easy, CURLcode code);

  const HttpClientOptions options;
  Clock& clock;
  CURLM* multi = nullptr;
  std::mutex mutex;  // of these three
  std::vector<std::function<void()>> tasks;
  bool stopping = false;
  uint64_t last_id = 0;
  std::unordered_map<uint64_t, std::unique_ptr<Transfer>> transfers;  // of the thread
  std::thread thread;
};

HttpClient::HttpClient(const HttpClientOptions& options, Clock& clock)
    : parts_(std::make_unique<Parts>(options, clock)) {
  initialize_library();
  parts_->multi = curl_multi_init();
  CHECK(parts_->multi != nullptr);
  curl_multi_setopt(parts_->multi, CURLMOPT_PIPELINING, CURLPIPE_MULTIPLEX);
  curl_multi_setopt(parts_->multi, CURLMOPT_MAX_HOST_CONNECTIONS,
                    static_cast<long>(options.connections_of_host_max));
  curl_multi_setopt(parts_->multi, CURLMOPT_MAX_TOTAL_CONNECTIONS,
                    static_cast<long>(options.connections_max));
  curl_multi_setopt(parts_->multi, CURLMOPT_MAXCONNECTS,
                    static_cast<long>(options.connections_max));
  parts_->thread = std::thread([parts = parts_.get()] { parts->run(); });
}

HttpClient::~HttpClient() {
  parts_->post([parts = parts_.get()] { parts->stopping = true; });
  parts_->thread.join();
}

HttpClient::Id HttpClient::get(HttpGet get, std::unique_ptr<HttpReply> reply) {
  auto transfer = std::make_shared<std::unique_ptr<Transfer>>(std::make_unique<Transfer>());
  (*transfer)->get = std::move(get);
  (*transfer)->reply = std::move(reply);
  (*transfer)->clock = &parts_->clock;
  const std::unique_lock lock(parts_->mutex);
  const Id id{++parts_->last_id};
  parts_->tasks.emplace_back(
      [parts = parts_.get(), id, transfer] { parts->start(id, std::move(*transfer)); });
  curl_multi_wakeup(parts_->multi);
  return id;
}

void HttpClient::resume(Id id) {
  parts_->post([parts = parts_.get(), id] {
    const auto found = parts->transfers.find(static_cast<uint64_t>(id));
    if (found != parts->transfers.end()) curl_easy_pause(found->second->easy, CURLPAUSE_CONT);
  });
}

void HttpClient::cancel(Id id) {
  parts_->post([parts = parts_.get(), id] {
    const auto found = parts->transfers.find(static_cast<uint64_t>(id));
    if (found == parts->transfers.end()) return;
    curl_multi_remove_handle(parts->multi, found->second->easy);
    parts->transfers.erase(found);
  });
}

void HttpClient::Parts::post(std::function<void()> task) {
  const std::unique_lock lock(mutex);
  tasks.push_back(std::move(task));
  curl_multi_wakeup(multi);
}

void HttpClient::Parts::run() {
  while (!stopping) {
    std::vector<std::function<void()>> due;
    {
      const std::unique_lock lock(mutex);
      due.swap(tasks);
    }
    for (const auto& task : due) task();
    int running = 0;
    curl_multi_perform(multi, &running);
    finish_ended();
    if (!stopping) curl_multi_poll(multi, nullptr, 0, kPollMs, nullptr);
  }
  for (const auto& [id, transfer] : transfers) curl_multi_remove_handle(multi, transfer->easy);
  transfers.clear();
  curl_multi_cleanup(multi);
}

void HttpClient::Parts::start(Id id, std::unique_ptr<Transfer> transfer) {
  transfer->easy = curl_easy_init();
  CHECK(transfer->easy != nullptr);
  transfer->started_ns = clock.monotonic_ns();
  set_up(*transfer);
  // NOLINTNEXTLINE(performance-no-int-to-ptr): the library keeps a pointer for us, we a number.
  curl_easy_setopt(transfer->easy, CURLOPT_PRIVATE, reinterpret_cast<void*>(id));
  curl_multi_add_handle(multi, transfer->easy);
  transfers.emplace(static_cast<uint64_t>(id), std::move(transfer));
}

void HttpClient::Parts::set_up(Transfer& transfer) const {
  CURL* const easy = transfer.easy;
  const HttpGet& get = transfer.get;
  transfer.headers = curl_slist_append(nullptr, ("Accept: " + get.accept).c_str());
  curl_easy_setopt(easy, CURLOPT_URL, get.url.c_str());
  curl_easy_setopt(easy, CURLOPT_HTTPHEADER, transfer.headers);
  curl_easy_setopt(easy, CURLOPT_USERAGENT, "timerose");
  curl_easy_setopt(easy, CURLOPT_PROXY, options.proxy.c_str());
  curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
  curl_easy_setopt(easy, CURLOPT_HTTP_VERSION, static_cast<long>(CURL_HTTP_VERSION_2TLS));
  curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR, "http,https");
  curl_easy_setopt(easy, CURLOPT_REDIR_PROTOCOLS_STR,
                   get.url.starts_with("https:") ? "https" : "http,https");
  curl_easy_setopt(easy, CURLOPT_FOLLOWLOCATION, get.redirects_max > 0 ? 1L : 0L);
  curl_easy_setopt(easy, CURLOPT_MAXREDIRS, static_cast<long>(get.redirects_max));
  curl_easy_setopt(easy, CURLOPT_CONNECTTIMEOUT_MS, static_cast<long>(options.connect_timeout_ms));
  curl_easy_setopt(easy, CURLOPT_TIMEOUT_MS, static_cast<long>(get.timeout_ms));
  curl_easy_setopt(easy, CURLOPT_LOW_SPEED_LIMIT, kReplyBytesPerSecondMin);
  curl_easy_setopt(easy, CURLOPT_LOW_SPEED_TIME,
                   static_cast<long>(std::max<uint64_t>(options.stall_timeout_ms / 1000, 1)));
  curl_easy_setopt(easy, CURLOPT_BUFFERSIZE, kBufferBytes);
  curl_easy_setopt(easy, CURLOPT_HEADERFUNCTION, &on_header);
  curl_easy_setopt(easy, CURLOPT_HEADERDATA, &transfer);
  curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, &on_body);
  curl_easy_setopt(easy, CURLOPT_WRITEDATA, &transfer);
}

void HttpClient::Parts::finish_ended() {
  int left = 0;
  while (const CURLMsg* message = curl_multi_info_read(multi, &left)) {
    if (message->msg == CURLMSG_DONE) finish(message->easy_handle, message->data.result);
  }
}

void HttpClient::Parts::finish(CURL* easy, CURLcode code) {
  void* id = nullptr;
  curl_easy_getinfo(easy, CURLINFO_PRIVATE, &id);
  curl_multi_remove_handle(multi, easy);
  const auto found = transfers.find(reinterpret_cast<uint64_t>(id));
  CHECK(found != transfers.end());
  const std::unique_ptr<Transfer> transfer = std::move(found->second);
  transfers.erase(found);
  HttpEnd& end = transfer->end;
  end.status = static_cast<uint32_t>(status_of(easy));
  end.whole = code == CURLE_OK;
  // A body of no bytes is a reply as well.
  if (end.whole && !transfer->begun && !begin(*transfer)) {
    end.whole = false;
    transfer->stopped_why = "not the type that was asked for";
  }
  if (!end.whole) {
    end.why = transfer->stopped_why.empty() ? curl_easy_strerror(code) : transfer->stopped_why;
  }
  end.retry_after_s = retry_after_seconds(easy);
  end.duration_ns = clock.monotonic_ns() - transfer->started_ns;
  transfer->reply->end(end);
}

}  // namespace timerose::exchange
