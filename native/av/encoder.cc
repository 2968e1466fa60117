#include "av/encoder.h"

#include <string>

#include "av/error.h"
#include "av/timescale.h"

namespace millrace::av {
namespace {

// The decoder's buffer in seconds at the bit rate: small, so that parts of a fifth of a second come out even.
constexpr double kVbvSeconds = 0.5;
// What libx264 takes for "no keyframe of its own, ever" (X264_KEYINT_MAX_INFINITE).
constexpr int kInfiniteGop = 1 << 30;

void SetOption(AVCodecContext& context, const char* name, const char* value) {
  Check(av_opt_set(context.priv_data, name, value, 0), std::string("set libx264's ") + name + " to " + value);
}

}  // namespace

Colour ColourOf(const AVFrame& source) {
  return {
      .primaries = source.color_primaries,
      .transfer = source.color_trc,
      .matrix = source.colorspace == AVCOL_SPC_RGB ? AVCOL_SPC_BT709 : source.colorspace,
      .chroma_location = source.chroma_location,
  };
}

Encoder::Encoder(const EncoderOptions& options) {
  const AVCodec* codec = avcodec_find_encoder_by_name("libx264");
  if (codec == nullptr) throw Error("find the libx264 encoder", AVERROR_ENCODER_NOT_FOUND);
  context_ = MakeCodecContext(*codec);
  AVCodecContext& context = *context_;

  context.width = options.width;
  context.height = options.height;
  context.pix_fmt = AV_PIX_FMT_YUV420P;
  context.sample_aspect_ratio = {1, 1};
  context.time_base = {1, kTimescale};
  context.framerate = options.frame_rate;

  context.bit_rate = options.bitrate;
  context.rc_max_rate = options.bitrate;
  context.rc_buffer_size = static_cast<int>(static_cast<double>(options.bitrate) * kVbvSeconds);

  context.gop_size = kInfiniteGop;
  context.max_b_frames = 0;
  context.thread_count = 1;
  // Parameter sets go into extradata and so into the record, not into the stream.
  context.flags |= AV_CODEC_FLAG_GLOBAL_HEADER;

  context.color_range = AVCOL_RANGE_MPEG;
  context.color_primaries = options.colour.primaries;
  context.color_trc = options.colour.transfer;
  context.colorspace = options.colour.matrix;
  context.chroma_sample_location = options.colour.chroma_location;

  SetOption(context, "preset", options.preset.c_str());
  SetOption(context, "tune", "zerolatency");
  SetOption(context, "profile", "high");
  SetOption(context, "forced-idr", "1");
  SetOption(context, "x264-params", "scenecut=0");
  Check(avcodec_open2(&context, codec, nullptr), "open libx264");

  avc_record_ = MakeAvcRecord({context.extradata, static_cast<size_t>(context.extradata_size)});
}

void Encoder::Send(AVFrame& picture, int64_t pts, bool keyframe) {
  picture.pts = pts;
  picture.pict_type = keyframe ? AV_PICTURE_TYPE_I : AV_PICTURE_TYPE_NONE;
  Check(avcodec_send_frame(context_.get(), &picture), "encode a picture");
}

void Encoder::Drain() {
  Check(avcodec_send_frame(context_.get(), nullptr), "drain libx264");
}

Packet Encoder::Receive() {
  Packet packet = MakePacket();
  const int result = avcodec_receive_packet(context_.get(), packet.get());
  if (result == AVERROR(EAGAIN) || result == AVERROR_EOF) return nullptr;
  Check(result, "take an encoded picture");
  return packet;
}

}  // namespace millrace::av
