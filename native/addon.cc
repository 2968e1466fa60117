// The module: { libavcodec: string, NativeTranscoder }.
#include <napi.h>

#include <memory>
#include <string>
#include <vector>

#include "av/libav.h"
#include "transcoder_wrap.h"

namespace millrace {
namespace {

// Runs while the environment still works and before Node frees what transcoders hold of it.
void OnEnvironmentEnd(Environment* environment) {
  const std::vector<TranscoderWrap*> open(environment->open.begin(), environment->open.end());
  for (TranscoderWrap* transcoder : open) transcoder->Close();
  environment->reaper.reset();
}

std::string AvcodecVersion() {
  const unsigned version = avcodec_version();
  return std::to_string(AV_VERSION_MAJOR(version)) + "." + std::to_string(AV_VERSION_MINOR(version)) + "." +
         std::to_string(AV_VERSION_MICRO(version));
}

Napi::Object Init(Napi::Env env, Napi::Object exports) {
  auto environment = std::make_unique<Environment>();
  env.AddCleanupHook(OnEnvironmentEnd, environment.get());
  env.SetInstanceData(environment.release());
  exports.Set("libavcodec", AvcodecVersion());
  exports.Set("NativeTranscoder", TranscoderWrap::Define(env));
  return exports;
}

NODE_API_MODULE(millrace, Init)

}  // namespace
}  // namespace millrace
