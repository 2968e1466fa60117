// Software decoding on the calling thread.
#pragma once

#include "av/handles.h"
#include "av/nal.h"
#include "av/video_codec.h"

namespace millrace::av {

// The largest picture the decoder allocates for: what a header claims is not to be trusted.
inline constexpr int64_t kMaxPixels = int64_t{8192} * 4352;
// The deepest reordering H.264 and HEVC allow (MaxDpbFrames, ITU-T H.264 A.3.1; MaxDpbSize, H.265 A.4.2).
inline constexpr int kMaxReorderDepth = 16;

class Decoder {
 public:
  // `record` is the codec's decoder configuration record; VP9 needs none of what is in its own.
  // `reorder_depth` is how many frames the source's decode order runs ahead of its presentation order. An
  // H.264 source that does not state it in its SPS would otherwise lose its first B-frames while libav finds
  // out. Throws Error when the decoder cannot be opened.
  Decoder(VideoCodec codec, ByteView record, int reorder_depth);

  // Feeds one access unit, never empty (that would drain the decoder for good): length-prefixed NAL units, a
  // temporal unit of AV1, or a frame or superframe of VP9.
  // False when libav refused it; decoding may go on with the next one.
  bool Send(const AVPacket& packet);
  // No more units: makes Receive give the frames still held back.
  void Drain();
  // The next frame in presentation order, its pts that of its packet; null when more input is needed.
  Frame Receive();

 private:
  CodecContext context_;
};

}  // namespace millrace::av
