// Software H.264 encoding with libx264 on the calling thread.
#pragma once

#include <string>

#include "av/handles.h"
#include "av/nal.h"

namespace millrace::av {

// How the samples of a picture are to be read; what VUI carries (ITU-T H.264 E.2.1).
struct Colour {
  AVColorPrimaries primaries = AVCOL_PRI_UNSPECIFIED;
  AVColorTransferCharacteristic transfer = AVCOL_TRC_UNSPECIFIED;
  AVColorSpace matrix = AVCOL_SPC_UNSPECIFIED;
  AVChromaLocation chroma_location = AVCHROMA_LOC_UNSPECIFIED;
};

// The colour to state for a picture that the Scaler made from `source`.
Colour ColourOf(const AVFrame& source);

struct EncoderOptions {
  int width = 0;
  int height = 0;
  // Bits per second: the target, and the rate the decoder's buffer refills at.
  int64_t bitrate = 0;
  AVRational frame_rate = {30, 1};
  // A libx264 preset, such as "veryfast".
  std::string preset;
  Colour colour;
};

// One packet out for each picture in, at once and in the same order. Keyframes (IDR) come where they are
// asked for and nowhere else, but for the first picture.
class Encoder {
 public:
  // Throws Error when libx264 is missing or refuses the options.
  explicit Encoder(const EncoderOptions& options);

  // AVCDecoderConfigurationRecord of the encoded stream.
  const ByteVector& avc_record() const { return avc_record_; }

  // Encodes a picture of the size of the options. Pts must rise. Throws Error when libx264 fails.
  void Send(AVFrame& picture, int64_t pts, bool keyframe);
  // No more pictures: makes Receive give what is still held back.
  void Drain();
  // The next packet, in Annex B; null when more input is needed. Throws Error when libx264 fails.
  Packet Receive();

 private:
  CodecContext context_;
  ByteVector avc_record_;
};

}  // namespace millrace::av
