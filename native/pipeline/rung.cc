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

Rung::Rung(size_t index, const PipelineOptions& options, Outbox& outbox)
    : index_(index),
      encoder_options_{.width = options.rungs[index].width,
                       .height = options.rungs[index].height,
                       .bitrate = options.rungs[index].bitrate,
                       .frame_rate = options.frame_rate,
                       .preset = options.preset,
                       .colour = {}},
      max_lag_(options.max_lag),
      outbox_(outbox),
      scaler_(encoder_options_.width, encoder_options_.height) {}

void Rung::Offer(Picture picture) {
  ++frames_in_;
  queue_.Push(std::move(picture));
}

void Rung::Run() {
  while (const std::optional<Picture> picture = queue_.Pop()) {
    if (IsTooLate(picture->info)) {
      ++frames_dropped_;
    } else {
      Encode(*picture);
    }
  }
  if (queue_.aborted() || !encoder_) return;
  encoder_->Drain();
  Deliver();
}

bool Rung::IsTooLate(const UnitInfo& info) const {
  return !info.keyframe && Clock::now() - info.entered > max_lag_;
}

void Rung::Encode(const Picture& picture) {
  if (!encoder_) {
    av::EncoderOptions options = encoder_options_;
    options.colour = av::ColourOf(*picture.frame);
    encoder_.emplace(options);
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
