// A failed libav call as an exception.
#pragma once

#include <stdexcept>
#include <string_view>

namespace millrace::av {

// Names the call, libav's reason, and libav's own log line where it left one.
class Error : public std::runtime_error {
 public:
  Error(std::string_view call, int code);
};

// Returns `result`, or throws Error when it is negative.
int Check(int result, std::string_view call);

}  // namespace millrace::av
