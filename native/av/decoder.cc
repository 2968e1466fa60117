#include "av/decoder.h"

#include <algorithm>
#include <cstring>
#include <new>
#include <string>

#include "av/error.h"
#include "av/timescale.h"

namespace millrace::av {
namespace {

const AVCodec* FindDecoder(VideoCodec codec) {
  switch (codec) {
    case VideoCodec::kAvc:
      return avcodec_find_decoder(AV_CODEC_ID_H264);
    case VideoCodec::kHevc:
      return avcodec_find_decoder(AV_CODEC_ID_HEVC);
    case VideoCodec::kVp9:
      return avcodec_find_decoder(AV_CODEC_ID_VP9);
    case VideoCodec::kAv1: {
      // By name: libav's own decoder of that id needs hardware.
      const AVCodec* dav1d = avcodec_find_decoder_by_name("libdav1d");
      return dav1d != nullptr ? dav1d : avcodec_find_decoder_by_name("libaom-av1");
    }
  }
  return nullptr;
}

const AVCodec& RequireDecoder(VideoCodec codec) {
  const AVCodec* found = FindDecoder(codec);
  if (found == nullptr) throw Error("find a decoder for the source", AVERROR_DECODER_NOT_FOUND);
  return *found;
}

void SetExtradata(AVCodecContext& context, ByteView record) {
  context.extradata = static_cast<uint8_t*>(av_mallocz(record.size() + AV_INPUT_BUFFER_PADDING_SIZE));
  if (context.extradata == nullptr) throw std::bad_alloc();
  if (!record.empty()) std::memcpy(context.extradata, record.data(), record.size());
  context.extradata_size = static_cast<int>(record.size());
}

}  // namespace

Decoder::Decoder(VideoCodec codec, ByteView record, int reorder_depth) {
  const AVCodec& decoder = RequireDecoder(codec);
  context_ = MakeCodecContext(decoder);
  // VP9's record repeats what its frames say, and libav has no use for it.
  if (codec != VideoCodec::kVp9) SetExtradata(*context_, record);
  // Frame threads would add a frame of delay each.
  context_->thread_count = 1;
  context_->pkt_timebase = {1, kTimescale};
  context_->max_pixels = kMaxPixels;
  // AV1 and VP9 never reorder: each unit shows one picture, at once.
  const bool reorders = codec == VideoCodec::kAvc || codec == VideoCodec::kHevc;
  context_->has_b_frames = reorders ? std::clamp(reorder_depth, 0, kMaxReorderDepth) : 0;
  if (context_->has_b_frames == 0) context_->flags |= AV_CODEC_FLAG_LOW_DELAY;
  Check(avcodec_open2(context_.get(), &decoder, nullptr), std::string("open the decoder ") + decoder.name);
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
