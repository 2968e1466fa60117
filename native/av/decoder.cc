#include "av/decoder.h"

#include <algorithm>
#include <cstring>
#include <new>

#include "av/error.h"
#include "av/timescale.h"

namespace millrace::av {

Decoder::Decoder(ByteView avc_record, int reorder_depth) {
  const AVCodec* codec = avcodec_find_decoder(AV_CODEC_ID_H264);
  if (codec == nullptr) throw Error("find the H.264 decoder", AVERROR_DECODER_NOT_FOUND);
  context_ = MakeCodecContext(*codec);
  context_->extradata = static_cast<uint8_t*>(av_mallocz(avc_record.size() + AV_INPUT_BUFFER_PADDING_SIZE));
  if (context_->extradata == nullptr) throw std::bad_alloc();
  std::memcpy(context_->extradata, avc_record.data(), avc_record.size());
  context_->extradata_size = static_cast<int>(avc_record.size());
  // Frame threads would add a frame of delay each.
  context_->thread_count = 1;
  context_->pkt_timebase = {1, kTimescale};
  context_->max_pixels = kMaxPixels;
  context_->has_b_frames = std::clamp(reorder_depth, 0, kMaxReorderDepth);
  if (context_->has_b_frames == 0) context_->flags |= AV_CODEC_FLAG_LOW_DELAY;
  Check(avcodec_open2(context_.get(), codec, nullptr), "open the H.264 decoder");
}

bool Decoder::Send(const AVPacket& packet) {
  return avcodec_send_packet(context_.get(), &packet) >= 0;
}

void Decoder::Drain() {
  avcodec_send_packet(context_.get(), nullptr);
}

Frame Decoder::Receive() {
  Frame frame = MakeFrame();
  if (avcodec_receive_frame(context_.get(), frame.get()) < 0) return nullptr;
  return frame;
}

}  // namespace millrace::av
