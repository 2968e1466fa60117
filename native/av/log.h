// What libav says, kept off stderr and at hand for error messages.
#pragma once

#include <string_view>

namespace millrace::av {

// Takes over libav's process-wide log, once. Lines below "error" are dropped; of the others each thread keeps
// its own latest one, which is exact because every codec context here runs on the thread that calls it.
void CaptureLog();

// The latest error line of the calling thread; empty when there was none since the last call.
std::string_view TakeLogLine();

}  // namespace millrace::av
