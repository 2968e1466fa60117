// What goes into a pipeline and what comes out of it.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string>
#include <variant>
#include <vector>

#include "av/handles.h"
#include "av/video_codec.h"

namespace millrace {

struct RungOptions {
  // Pixels, both even.
  int width = 0;
  int height = 0;
  // Bits per second.
  int64_t bitrate = 0;
};

// Since when something is in a pipeline. Not the wall clock, which may be set.
using Clock = std::chrono::steady_clock;

struct PipelineOptions {
  av::VideoCodec source_codec = av::VideoCodec::kAvc;
  // The source's decoder configuration record, of the kind that goes with its codec.
  std::vector<uint8_t> source_record;
  AVRational frame_rate = {30, 1};
  // A libx264 preset.
  std::string preset;
  std::vector<RungOptions> rungs;
  // How late a rung may begin to encode a picture, counted from Push; one that is later is skipped unless it
  // is a keyframe. This is the latency that overload costs, and the length of a stall or a burst that costs
  // no frame.
  std::chrono::milliseconds max_lag{400};
};

// What an encoded unit takes over from the source unit it came from.
struct UnitInfo {
  // Ticks of 1/90000 s.
  int64_t pts = 0;
  int64_t duration = 0;
  bool keyframe = false;
  // Milliseconds since the Unix epoch at which the source unit arrived.
  double arrival = 0;
  // When it was pushed.
  Clock::time_point entered{};
};

// One access unit of the source; the packet carries the bytes and the decode time.
struct SourceUnit {
  av::Packet packet;
  UnitInfo info;
};

// One decoded picture on its way to a rung.
struct Picture {
  av::Frame frame;
  UnitInfo info;
};

// A rung's encoder is open; comes before its first unit.
struct TrackEvent {
  size_t rung = 0;
  std::vector<uint8_t> record;
};

// One encoded access unit with 4-byte NAL lengths. Its decode time is its presentation time: no rung has
// B-frames.
struct UnitEvent {
  size_t rung = 0;
  UnitInfo info;
  std::vector<uint8_t> data;
};

// The pipeline failed for good; the end follows.
struct ErrorEvent {
  std::string message;
};

// Nothing more will come. The last event of every pipeline that was not stopped.
struct EndEvent {};

using Event = std::variant<TrackEvent, UnitEvent, ErrorEvent, EndEvent>;

struct RungStats {
  uint64_t frames_in = 0;
  uint64_t frames_out = 0;
  uint64_t frames_dropped = 0;
  uint64_t bytes_out = 0;
  // Milliseconds from the source unit's arrival to the encoded unit, of the latest one.
  double lag_ms = 0;
  size_t queue_length = 0;
};

struct PipelineStats {
  uint64_t units_in = 0;
  uint64_t units_dropped = 0;
  uint64_t decode_errors = 0;
  std::vector<RungStats> rungs;
};

}  // namespace millrace
