// Pictures and H.264 made on the spot, and a pipeline driven to its end.
#pragma once

#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <mutex>
#include <vector>

#include "av/handles.h"
#include "pipeline/pipeline.h"

namespace millrace::test {

inline constexpr int kSourceWidth = 160;
inline constexpr int kSourceHeight = 96;
inline constexpr int64_t kFrameTicks = 3000;

// A moving gradient; no two indexes look the same.
av::Frame MakePicture(int width, int height, AVPixelFormat pixels, int index);

// A source: its units with a keyframe every `gop`, in decode order.
struct SyntheticSource {
  av::VideoCodec codec;
  std::vector<uint8_t> record;
  std::vector<std::vector<uint8_t>> units;
  int gop;

  bool IsKeyframe(size_t index) const { return index % static_cast<size_t>(gop) == 0; }
};
// In H.264 without B-frames.
SyntheticSource MakeSource(int frames, int gop);

// Unit `index` of the source, at the frame grid's time, arriving at millisecond `index`.
SourceUnit UnitAt(const SyntheticSource& source, size_t index);

// A limit that no test reaches, however slow the machine.
inline constexpr std::chrono::milliseconds kNeverLate = std::chrono::hours(1);

// A ladder of two small rungs that skip nothing.
PipelineOptions MakeOptions(const SyntheticSource& source);

// Takes events as they come until the EndEvent is among them.
class Collector {
 public:
  // Pass this as the pipeline's `notify`.
  void Notify();
  std::vector<Event> CollectToEnd(Pipeline& pipeline);

 private:
  std::mutex mutex_;
  std::condition_variable wake_;
  bool notified_ = false;
};

std::vector<UnitEvent> UnitsOf(const std::vector<Event>& events, size_t rung);

}  // namespace millrace::test
