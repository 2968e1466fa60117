#include "pipeline/source.h"

#include <algorithm>
#include <utility>

#include "av/nal.h"

namespace millrace {
namespace {

// How many frames decoding runs ahead of presentation: the first keyframe's wait, in frames.
int ReorderDepth(const SourceUnit& first_keyframe) {
  const int64_t wait = first_keyframe.info.pts - first_keyframe.packet->dts;
  const int64_t duration = first_keyframe.info.duration;
  if (wait <= 0 || duration <= 0) return 0;
  return static_cast<int>(std::min<int64_t>((wait + duration / 2) / duration, av::kMaxReorderDepth));
}

size_t LengthSizeOf(av::VideoCodec codec, av::ByteView record) {
  switch (codec) {
    case av::VideoCodec::kAvc:
      return av::AvcLengthSizeOf(record);
    case av::VideoCodec::kHevc:
      return av::HevcLengthSizeOf(record);
    case av::VideoCodec::kAv1:
    case av::VideoCodec::kVp9:
      break;
  }
  return 0;
}

}  // namespace

Source::Source(const PipelineOptions& options, const std::vector<std::unique_ptr<Rung>>& rungs)
    : codec_(options.source_codec),
      record_(options.source_record),
      length_size_(LengthSizeOf(codec_, record_)),
      max_lag_(options.max_lag * kMaxLagFactor),
      rungs_(rungs) {}

bool Source::Push(SourceUnit unit) {
  ++units_in_;
  unit.info.entered = Clock::now();
  const auto size = static_cast<size_t>(unit.packet->size);
  if (size == 0) {
    ++units_dropped_;
    return true;
  }
  if (push_awaits_keyframe_ && !unit.info.keyframe) {
    ++units_dropped_;
    return false;
  }
  queued_bytes_ += size;
  if (queued_bytes_ <= kMaxBytes && queue_.TryPush(std::move(unit))) {
    push_awaits_keyframe_ = false;
    return true;
  }
  queued_bytes_ -= size;
  ++units_dropped_;
  push_awaits_keyframe_ = true;
  return false;
}

void Source::Run() {
  while (const std::optional<SourceUnit> unit = queue_.Pop()) {
    queued_bytes_ -= static_cast<size_t>(unit->packet->size);
    Decode(*unit);
  }
  if (decoder_ && !queue_.aborted()) {
    decoder_->Drain();
    DeliverPictures();
  }
  for (const auto& rung : rungs_) rung->Finish();
}

bool Source::IsUsable(const SourceUnit& unit) const {
  return Clock::now() - unit.info.entered <= max_lag_ &&
         (length_size_ == 0 || av::HasSoundLengths(av::Bytes(*unit.packet), length_size_));
}

void Source::Decode(const SourceUnit& unit) {
  if (!IsUsable(unit) || (decode_awaits_keyframe_ && !unit.info.keyframe)) {
    ++units_dropped_;
    decode_awaits_keyframe_ = true;
    return;
  }
  decode_awaits_keyframe_ = false;
  if (!decoder_) decoder_.emplace(codec_, record_, ReorderDepth(unit));
  pending_.Add(unit.info);
  if (!decoder_->Send(*unit.packet)) {
    ++decode_errors_;
    // Without its keyframe the rest of the group would decode to garbage.
    if (unit.info.keyframe) decode_awaits_keyframe_ = true;
  }
  DeliverPictures();
}

void Source::DeliverPictures() {
  while (const av::Frame frame = decoder_->Receive()) {
    if (frame->decode_error_flags != 0) ++decode_errors_;
    const std::optional<UnitInfo> info = pending_.Take(frame->pts);
    // Encoders need rising times and begin with a keyframe: a picture that would break either is not shown.
    const bool in_order = info && (last_pts_ ? info->pts > *last_pts_ : info->keyframe);
    if (!in_order) {
      ++decode_errors_;
      continue;
    }
    last_pts_ = info->pts;
    for (const auto& rung : rungs_) rung->Offer({av::ShareFrame(*frame), *info});
  }
}

PipelineStats Source::stats() const {
  return {
      .units_in = units_in_, .units_dropped = units_dropped_, .decode_errors = decode_errors_, .rungs = {}};
}

}  // namespace millrace
