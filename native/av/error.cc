#include "av/error.h"

#include <array>
#include <string>

#include "av/libav.h"
#include "av/log.h"

namespace millrace::av {
namespace {

std::string Describe(std::string_view call, int code) {
  std::array<char, AV_ERROR_MAX_STRING_SIZE> reason{};
  av_strerror(code, reason.data(), reason.size());
  std::string message = std::string(call) + ": " + reason.data();
  if (const std::string_view line = TakeLogLine(); !line.empty()) {
    message += " (" + std::string(line) + ")";
  }
  return message;
}

}  // namespace

Error::Error(std::string_view call, int code) : std::runtime_error(Describe(call, code)) {}

int Check(int result, std::string_view call) {
  if (result < 0) throw Error(call, result);
  return result;
}

}  // namespace millrace::av
