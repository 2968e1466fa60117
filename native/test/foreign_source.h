// Sources in codecs that Millrace does not encode, made on the spot by libav's encoders.
#pragma once

#include <cstdint>
#include <vector>

#include "av/nal.h"
#include "pipeline/pipeline.h"

namespace millrace::test {

struct ForeignShape {
  av::VideoCodec codec;
  AVPixelFormat pixels = AV_PIX_FMT_YUV420P;
  // Of HEVC.
  int b_frames = 0;
};

struct ForeignUnit {
  av::ByteVector data;
  int64_t pts = 0;
  int64_t dts = 0;
  bool keyframe = false;
};

// As ingest would hand it over, in decode order.
struct ForeignSource {
  av::VideoCodec codec;
  av::ByteVector record;
  std::vector<ForeignUnit> units;
};

// `frames` pictures of kSourceWidth x kSourceHeight with a keyframe every `gop`.
ForeignSource MakeForeignSource(const ForeignShape& shape, int frames, int gop);

SourceUnit UnitOf(const ForeignUnit& unit);

PipelineOptions MakeOptions(const ForeignSource& source);

}  // namespace millrace::test
