#include "pipeline/rung.h"

#include <chrono>
#include <utility>

#include "av/nal.h"

namespace millrace {
namespace {

double NowMs() {
  using Milliseconds = std::chrono::duration<double, std::milli>;
  return Milliseconds(std::chrono::system_clock::now().time_since_epoch()).count();
}

}  // namespace

Rung::Rung(size_t index, const RungOptions& options, AVRational frame_rate, std::string preset,
           Outbox& outbox)
    : index_(index),
      options_(options),
      frame_rate_(frame_rate),
      preset_(std::move(preset)),
      outbox_(outbox),
      scaler_(options.width, options.height) {}

void Rung::Offer(Picture picture) {
  ++frames_in_;
  frames_dropped_ +=
      queue_.PushDropping(std::move(picture), [](const Picture& queued) { return !queued.info.keyframe; });
}

void Rung::Run() {
  while (const std::optional<Picture> picture = queue_.Pop()) Encode(*picture);
  if (queue_.aborted() || !encoder_) return;
  encoder_->Drain();
  Deliver();
}

void Rung::Encode(const Picture& picture) {
  if (!encoder_) {
    encoder_.emplace(av::EncoderOptions{
        .width = options_.width,
        .height = options_.height,
        .bitrate = options_.bitrate,
        .frame_rate = frame_rate_,
        .preset = preset_,
        .colour = av::ColourOf(*picture.frame),
    });
    outbox_.Put(TrackEvent{index_, encoder_->avc_record()});
  }
  pending_.Add(picture.info);
  encoder_->Send(scaler_.Scale(*picture.frame), picture.info.pts, picture.info.keyframe);
  Deliver();
}

void Rung::Deliver() {
  while (const av::Packet packet = encoder_->Receive()) {
    std::optional<UnitInfo> info = pending_.Take(packet->pts);
    if (!info) continue;
    info->keyframe = (packet->flags & AV_PKT_FLAG_KEY) != 0;
    UnitEvent unit{index_, *info, av::ToAvcc(av::Bytes(*packet))};
    ++frames_out_;
    bytes_out_ += unit.data.size();
    lag_ms_ = NowMs() - info->arrival;
    outbox_.PutUnit(std::move(unit));
  }
}

RungStats Rung::stats() const {
  return {
      .frames_in = frames_in_,
      .frames_out = frames_out_,
      .frames_dropped = frames_dropped_,
      .bytes_out = bytes_out_,
      .lag_ms = lag_ms_,
      .queue_length = queue_.size(),
  };
}

}  // namespace millrace
