#include "av/scaler.h"

#include "av/error.h"

namespace millrace::av {
namespace {

constexpr AVPixelFormat kOutputPixels = AV_PIX_FMT_YUV420P;
constexpr int kUnitGain = 1 << 16;

// The full-range "J" formats are the plain ones plus a range; swscale wants them told apart that way.
AVPixelFormat WithoutRange(AVPixelFormat pixels) {
  switch (pixels) {
    case AV_PIX_FMT_YUVJ420P:
      return AV_PIX_FMT_YUV420P;
    case AV_PIX_FMT_YUVJ422P:
      return AV_PIX_FMT_YUV422P;
    case AV_PIX_FMT_YUVJ444P:
      return AV_PIX_FMT_YUV444P;
    default:
      return pixels;
  }
}

// Closed captions (CTA-708 in SEI) are the one kind of side data a viewer of a rung would miss.
void CopyCaptions(const AVFrame& from, AVFrame& to) {
  av_frame_remove_side_data(&to, AV_FRAME_DATA_A53_CC);
  const AVFrameSideData* captions = av_frame_get_side_data(&from, AV_FRAME_DATA_A53_CC);
  if (captions == nullptr) return;
  AVBufferRef* shared = av_buffer_ref(captions->buf);
  if (av_frame_new_side_data_from_buf(&to, AV_FRAME_DATA_A53_CC, shared) == nullptr) av_buffer_unref(&shared);
}

}  // namespace

Scaler::SourceFormat Scaler::FormatOf(const AVFrame& source) {
  const auto pixels = static_cast<AVPixelFormat>(source.format);
  const AVPixelFormat plain = WithoutRange(pixels);
  return {
      .width = source.width,
      .height = source.height,
      .pixels = plain,
      .full_range = plain != pixels || source.color_range == AVCOL_RANGE_JPEG,
      .matrix = source.colorspace == AVCOL_SPC_RGB ? AVCOL_SPC_BT709 : source.colorspace,
  };
}

void Scaler::Configure(const SourceFormat& format) {
  context_.reset(sws_getContext(format.width, format.height, format.pixels, width_, height_, kOutputPixels,
                                SWS_BILINEAR, nullptr, nullptr, nullptr));
  if (!context_) throw Error("make a scaler for the source's picture format", AVERROR(EINVAL));
  const int* coefficients = sws_getCoefficients(format.matrix);
  sws_setColorspaceDetails(context_.get(), coefficients, format.full_range ? 1 : 0, coefficients, 0, 0,
                           kUnitGain, kUnitGain);
  format_ = format;
}

AVFrame& Scaler::Scale(const AVFrame& source) {
  if (const SourceFormat format = FormatOf(source); format != format_) Configure(format);
  if (!scaled_) {
    Frame fresh = MakeFrame();
    fresh->format = kOutputPixels;
    fresh->width = width_;
    fresh->height = height_;
    Check(av_frame_get_buffer(fresh.get(), 0), "allocate a scaled picture");
    scaled_ = std::move(fresh);
  }
  Check(av_frame_make_writable(scaled_.get()), "reuse a scaled picture");
  Check(sws_scale(context_.get(), source.data, source.linesize, 0, source.height, scaled_->data,
                  scaled_->linesize),
        "scale a picture");
  CopyCaptions(source, *scaled_);
  return *scaled_;
}

}  // namespace millrace::av
