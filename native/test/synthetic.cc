#include "synthetic.h"

#include <utility>

#include "av/encoder.h"
#include "av/error.h"

namespace millrace::test {

namespace {

bool HalvesLines(AVPixelFormat pixels) {
  return pixels != AV_PIX_FMT_YUV422P && pixels != AV_PIX_FMT_GBRP;
}

}  // namespace

av::Frame MakePicture(int width, int height, AVPixelFormat pixels, int index) {
  av::Frame frame = av::MakeFrame();
  frame->format = pixels;
  frame->width = width;
  frame->height = height;
  av::Check(av_frame_get_buffer(frame.get(), 0), "allocate a picture");
  for (int plane = 0; plane < 3; ++plane) {
    const int lines = plane == 0 || !HalvesLines(pixels) ? height : height / 2;
    for (int y = 0; y < lines; ++y) {
      for (int x = 0; x < frame->linesize[plane]; ++x) {
        frame->data[plane][y * frame->linesize[plane] + x] = static_cast<uint8_t>(x + 2 * y + 5 * index);
      }
    }
  }
  return frame;
}

SyntheticSource MakeSource(int frames, int gop) {
  av::Encoder encoder({.width = kSourceWidth,
                       .height = kSourceHeight,
                       .bitrate = 500'000,
                       .frame_rate = {30, 1},
                       .preset = "ultrafast",
                       .colour = {}});
  SyntheticSource source{av::VideoCodec::kAvc, encoder.avc_record(), {}, gop};
  for (int i = 0; i < frames; ++i) {
    av::Frame picture = MakePicture(kSourceWidth, kSourceHeight, AV_PIX_FMT_YUV420P, i);
    encoder.Send(*picture, i * kFrameTicks, source.IsKeyframe(static_cast<size_t>(i)));
    while (const av::Packet packet = encoder.Receive()) {
      source.units.push_back(av::ToAvcc(av::Bytes(*packet)));
    }
  }
  return source;
}

SourceUnit UnitAt(const SyntheticSource& source, size_t index) {
  SourceUnit unit;
  unit.packet = av::CopyToPacket(source.units[index]);
  unit.info.pts = static_cast<int64_t>(index) * kFrameTicks;
  unit.info.duration = kFrameTicks;
  unit.info.keyframe = source.IsKeyframe(index);
  unit.info.arrival = static_cast<double>(index);
  unit.packet->pts = unit.info.pts;
  unit.packet->dts = unit.info.pts;
  return unit;
}

PipelineOptions MakeOptions(const SyntheticSource& source) {
  return {.source_codec = source.codec,
          .source_record = source.record,
          .frame_rate = {30, 1},
          .preset = "ultrafast",
          .rungs = {{.width = 80, .height = 48, .bitrate = 200'000},
                    {.width = 64, .height = 38, .bitrate = 100'000}},
          .max_lag = kNeverLate};
}

void Collector::Notify() {
  {
    const std::lock_guard lock(mutex_);
    notified_ = true;
  }
  wake_.notify_one();
}

std::vector<Event> Collector::CollectToEnd(Pipeline& pipeline) {
  std::vector<Event> events;
  while (events.empty() || !std::holds_alternative<EndEvent>(events.back())) {
    {
      std::unique_lock lock(mutex_);
      wake_.wait(lock, [this] { return notified_; });
      notified_ = false;
    }
    for (Event& event : pipeline.TakeEvents()) events.push_back(std::move(event));
  }
  return events;
}

std::vector<UnitEvent> UnitsOf(const std::vector<Event>& events, size_t rung) {
  std::vector<UnitEvent> units;
  for (const Event& event : events) {
    const auto* unit = std::get_if<UnitEvent>(&event);
    if (unit != nullptr && unit->rung == rung) units.push_back(*unit);
  }
  return units;
}

}  // namespace millrace::test
