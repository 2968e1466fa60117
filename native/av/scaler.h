// Scaling and conversion to the one picture format the encoders take.
#pragma once

#include "av/handles.h"

namespace millrace::av {

// Bilinear scaling of any decoded picture to 8-bit 4:2:0 in limited range. Adapts by itself when the size,
// the format or the colour matrix of the source changes.
class Scaler {
 public:
  Scaler(int width, int height) : width_(width), height_(height) {}

  // The scaled picture, valid until the next call; the caller may set its pts and type.
  // Throws Error when libav cannot convert this source.
  AVFrame& Scale(const AVFrame& source);

 private:
  struct SourceFormat {
    int width = 0;
    int height = 0;
    AVPixelFormat pixels = AV_PIX_FMT_NONE;
    bool full_range = false;
    AVColorSpace matrix = AVCOL_SPC_UNSPECIFIED;
    bool operator==(const SourceFormat&) const = default;
  };

  static SourceFormat FormatOf(const AVFrame& source);
  void Configure(const SourceFormat& format);

  const int width_;
  const int height_;
  SourceFormat format_;
  ScalerContext context_;
  Frame scaled_;
};

}  // namespace millrace::av
