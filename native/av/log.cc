#include "av/log.h"

#include <algorithm>
#include <array>
#include <cstdarg>
#include <cstdio>
#include <mutex>

#include "av/libav.h"

namespace millrace::av {
namespace {

constexpr size_t kMaxLogLine = 256;

struct LogLine {
  std::array<char, kMaxLogLine> text;
  size_t length = 0;
};

thread_local LogLine latest;

void KeepErrors(void* /*context*/, int level, const char* format, va_list arguments) {
  if (level > AV_LOG_ERROR) return;
  const int written = std::vsnprintf(latest.text.data(), latest.text.size(), format, arguments);
  if (written <= 0) return;
  latest.length = std::min(static_cast<size_t>(written), latest.text.size() - 1);
  while (latest.length > 0 && latest.text[latest.length - 1] == '\n') --latest.length;
}

}  // namespace

void CaptureLog() {
  static std::once_flag once;
  std::call_once(once, [] { av_log_set_callback(KeepErrors); });
}

std::string_view TakeLogLine() {
  const std::string_view line(latest.text.data(), latest.length);
  latest.length = 0;
  return line;
}

}  // namespace millrace::av
