#include "av/handles.h"

#include <cstring>
#include <new>

namespace millrace::av {
namespace {

template <typename Handle, typename Pointer>
Handle Own(Pointer pointer) {
  if (pointer == nullptr) throw std::bad_alloc();
  return Handle(pointer);
}

}  // namespace

Packet MakePacket() {
  return Own<Packet>(av_packet_alloc());
}

Packet CopyToPacket(std::span<const uint8_t> data) {
  Packet packet = MakePacket();
  if (av_new_packet(packet.get(), static_cast<int>(data.size())) < 0) throw std::bad_alloc();
  if (!data.empty()) std::memcpy(packet->data, data.data(), data.size());
  return packet;
}

Frame MakeFrame() {
  return Own<Frame>(av_frame_alloc());
}

Frame ShareFrame(const AVFrame& frame) {
  return Own<Frame>(av_frame_clone(&frame));
}

CodecContext MakeCodecContext(const AVCodec& codec) {
  return Own<CodecContext>(avcodec_alloc_context3(&codec));
}

std::span<const uint8_t> Bytes(const AVPacket& packet) {
  return {packet.data, static_cast<size_t>(packet.size)};
}

}  // namespace millrace::av
