// The JavaScript face of a pipeline.
#pragma once

#include <napi.h>

#include <memory>
#include <mutex>
#include <unordered_set>
#include <vector>

#include "pipeline/pipeline.h"
#include "pipeline/reaper.h"

namespace millrace {

class TranscoderWrap;

// What the addon keeps per environment (the main thread and each worker thread have their own).
struct Environment {
  // Transcoders whose pipeline is alive; stopped when the environment ends.
  std::unordered_set<TranscoderWrap*> open;
  // Waits for the threads of closed ones. Gone once the environment ends.
  std::unique_ptr<Reaper> reaper = std::make_unique<Reaper>();
};

// Wakes the event loop from a pipeline's threads, and is the only thing of Node's that they touch.
class Waker {
 public:
  // `function` is one made for the open transcoder; it is not to be used by anyone else.
  explicit Waker(napi_threadsafe_function function) : function_(function) {}

  // From any thread; does nothing once closed.
  void Wake();
  // From the event loop. After this no thread is inside the function or will enter it.
  void Close();
  // From the event loop: the process stays alive until Close. It does not before.
  void KeepProcessAlive(napi_env env);

 private:
  std::mutex mutex_;
  const napi_threadsafe_function function_;
  bool closed_ = false;
};

// class NativeTranscoder {
//   constructor(options: { codec: 'avc' | 'hevc' | 'av1' | 'vp9', record: Uint8Array, frameRate: { num, den
//   },
//                          preset: string, maxLag: milliseconds,
//                          rungs: { width, height, videoBitrate }[] },
//               deliver: (events: NativeEvent[]) => void)
//   push(data: Uint8Array, pts, dts, duration, keyframe: boolean, arrival): boolean
//   finish(): void
//   close(): void
//   stats(): TranscoderStats
// }
//
// Lifetime: an open transcoder holds itself alive, as a socket does. Closing goes in this order, whoever
// begins it (close(), the end of the stream, the end of the environment): the waker lets go of the event
// loop, the pipeline is told to stop, the reaper waits for its threads, and once Node has dropped the wake-up
// function the object may be collected.
class TranscoderWrap : public Napi::ObjectWrap<TranscoderWrap> {
 public:
  static Napi::Function Define(Napi::Env env);

  explicit TranscoderWrap(const Napi::CallbackInfo& info);

  // Stops everything without waiting. Safe to call again.
  void Close();

 private:
  // What Node holds for the wake-up function: it keeps the object alive until the function is gone.
  struct Anchor {
    TranscoderWrap* transcoder;
    Napi::ObjectReference object;
  };

  static void OnWake(napi_env env, napi_value deliver, void* anchor, void* unused);
  static void OnWakerGone(napi_env env, void* anchor, void* unused);

  Napi::Value Push(const Napi::CallbackInfo& info);
  Napi::Value Finish(const Napi::CallbackInfo& info);
  Napi::Value CloseFromScript(const Napi::CallbackInfo& info);
  Napi::Value Stats(const Napi::CallbackInfo& info);

  std::shared_ptr<Waker> MakeWaker(const Napi::CallbackInfo& info);
  void Deliver(Napi::Env env, napi_value deliver);

  Environment& environment_;
  size_t rung_count_ = 0;
  // Shared with the pipeline, whose threads outlive this object by the time it takes to join them.
  std::shared_ptr<Waker> waker_;
  // Null once closed.
  std::unique_ptr<Pipeline> pipeline_;
  // Of the pipeline when it was closed.
  PipelineStats last_stats_;
};

}  // namespace millrace
