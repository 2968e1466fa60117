#include "av/scaler.h"

#include <algorithm>
#include <cstdlib>

#include "synthetic.h"
#include "test.h"

using namespace millrace;

TEST("scaler: any decoded format becomes 8-bit 4:2:0 of the asked size") {
  for (const AVPixelFormat pixels : {AV_PIX_FMT_YUV420P, AV_PIX_FMT_YUVJ420P, AV_PIX_FMT_YUV422P,
                                     AV_PIX_FMT_YUV444P, AV_PIX_FMT_YUV420P10, AV_PIX_FMT_YUV422P10}) {
    av::Scaler scaler(80, 48);
    const av::Frame source = test::MakePicture(160, 96, pixels, 0);
    const AVFrame& scaled = scaler.Scale(*source);
    CHECK_EQUAL(scaled.width, 80);
    CHECK_EQUAL(scaled.height, 48);
    CHECK_EQUAL(scaled.format, static_cast<int>(AV_PIX_FMT_YUV420P));
  }
}

TEST("scaler: follows a source that changes its size") {
  av::Scaler scaler(80, 48);
  for (const int width : {160, 320, 96}) {
    const av::Frame source = test::MakePicture(width, 96, AV_PIX_FMT_YUV420P, 0);
    CHECK_EQUAL(scaler.Scale(*source).width, 80);
  }
}

TEST("scaler: full range becomes limited range") {
  const av::Frame source = test::MakePicture(160, 96, AV_PIX_FMT_YUV420P, 0);
  for (int plane = 0; plane < 3; ++plane) {
    const int lines = plane == 0 ? 96 : 48;
    std::fill_n(source->data[plane], source->linesize[plane] * lines,
                static_cast<uint8_t>(plane == 0 ? 255 : 128));
  }
  av::Scaler scaler(80, 48);
  source->color_range = AVCOL_RANGE_MPEG;
  CHECK_EQUAL(int{scaler.Scale(*source).data[0][0]}, 255);
  source->color_range = AVCOL_RANGE_JPEG;
  const int white = scaler.Scale(*source).data[0][0];
  CHECK(white >= 234 && white <= 236);
}

TEST("scaler: follows a source that changes its colour matrix") {
  const av::Frame green = test::MakePicture(160, 96, AV_PIX_FMT_GBRP, 0);
  for (int plane = 0; plane < 3; ++plane) {
    std::fill_n(green->data[plane], green->linesize[plane] * 96, static_cast<uint8_t>(plane == 0 ? 255 : 0));
  }
  av::Scaler scaler(80, 48);
  // Luma of pure green in limited range: 0.587 of white in BT.601, 0.7152 in BT.709.
  const auto luma_as = [&](AVColorSpace matrix) {
    green->colorspace = matrix;
    return int{scaler.Scale(*green).data[0][0]};
  };
  CHECK(std::abs(luma_as(AVCOL_SPC_SMPTE170M) - 145) <= 1);
  CHECK(std::abs(luma_as(AVCOL_SPC_RGB) - 173) <= 1);
}

TEST("scaler: captions go along, and only while there are some") {
  av::Scaler scaler(80, 48);
  const av::Frame captioned = test::MakePicture(160, 96, AV_PIX_FMT_YUV420P, 0);
  const av::Frame plain = test::MakePicture(160, 96, AV_PIX_FMT_YUV420P, 1);
  CHECK(av_frame_new_side_data(captioned.get(), AV_FRAME_DATA_A53_CC, 3) != nullptr);
  CHECK(av_frame_get_side_data(&scaler.Scale(*captioned), AV_FRAME_DATA_A53_CC) != nullptr);
  CHECK(av_frame_get_side_data(&scaler.Scale(*plain), AV_FRAME_DATA_A53_CC) == nullptr);
}
