// Owning handles over libav's reference-counted structures.
#pragma once

#include <cstdint>
#include <memory>
#include <span>

#include "av/libav.h"

namespace millrace::av {

struct PacketDeleter {
  void operator()(AVPacket* packet) const { av_packet_free(&packet); }
};
struct FrameDeleter {
  void operator()(AVFrame* frame) const { av_frame_free(&frame); }
};
struct CodecContextDeleter {
  void operator()(AVCodecContext* context) const { avcodec_free_context(&context); }
};
struct ScalerDeleter {
  void operator()(SwsContext* context) const { sws_freeContext(context); }
};

using Packet = std::unique_ptr<AVPacket, PacketDeleter>;
using Frame = std::unique_ptr<AVFrame, FrameDeleter>;
using CodecContext = std::unique_ptr<AVCodecContext, CodecContextDeleter>;
using ScalerContext = std::unique_ptr<SwsContext, ScalerDeleter>;

// All of these throw std::bad_alloc when out of memory.
Packet MakePacket();
// A packet with its own padded copy of `data`, as libav's decoders require.
Packet CopyToPacket(std::span<const uint8_t> data);
Frame MakeFrame();
// Another reference to the same picture; the pixels are shared, not copied.
Frame ShareFrame(const AVFrame& frame);
CodecContext MakeCodecContext(const AVCodec& codec);

// The bytes of a packet.
std::span<const uint8_t> Bytes(const AVPacket& packet);

}  // namespace millrace::av
