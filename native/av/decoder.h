// Software H.264 decoding on the calling thread.
#pragma once

#include "av/handles.h"
#include "av/nal.h"

namespace millrace::av {

// The largest picture the decoder allocates for: what an SPS claims is not to be trusted.
inline constexpr int64_t kMaxPixels = int64_t{8192} * 4352;
// The deepest reordering H.264 allows (MaxDpbFrames, A.3.1).
inline constexpr int kMaxReorderDepth = 16;

class Decoder {
 public:
  // `reorder_depth` is how many frames the source's decode order runs ahead of its presentation order. A
  // source that does not state it in its SPS would otherwise lose its first B-frames while libav finds out.
  // Throws Error when the decoder cannot be opened.
  Decoder(ByteView avc_record, int reorder_depth);

  // Feeds one length-prefixed access unit, never empty (that would drain the decoder for good).
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
