#include <optional>

#include "av/decoder.h"
#include "av/encoder.h"
#include "av/error.h"
#include "synthetic.h"
#include "test.h"

using namespace millrace;

namespace {

av::EncoderOptions Options() {
  return {.width = 160,
          .height = 96,
          .bitrate = 300'000,
          .frame_rate = {30, 1},
          .preset = "veryfast",
          .colour = {}};
}

}  // namespace

TEST("encoder: one packet for each picture at once, keyframes where asked and nowhere else") {
  av::Encoder encoder(Options());
  for (int i = 0; i < 100; ++i) {
    // Two pictures with nothing in common: a scene cut, which must not make a keyframe.
    const av::Frame picture = test::MakePicture(160, 96, AV_PIX_FMT_YUV420P, i < 50 ? 0 : 1000 * i);
    const bool keyframe = i == 0 || i == 31 || i == 32 || i == 77;
    encoder.Send(*picture, i * test::kFrameTicks, keyframe);
    const av::Packet packet = encoder.Receive();
    CHECK(packet != nullptr);
    CHECK_EQUAL(packet->pts, i * test::kFrameTicks);
    CHECK_EQUAL((packet->flags & AV_PKT_FLAG_KEY) != 0, keyframe);
    const av::ByteVector unit = av::ToAvcc(av::Bytes(*packet));
    CHECK_EQUAL(av::TypeOf(av::ByteView(unit).subspan(4)) == av::NalType::kIdrSlice, keyframe);
    CHECK(encoder.Receive() == nullptr);
  }
}

TEST("encoder: the colours of the source are in the stream") {
  av::EncoderOptions options = Options();
  options.colour = {.primaries = AVCOL_PRI_BT709,
                    .transfer = AVCOL_TRC_BT709,
                    .matrix = AVCOL_SPC_BT709,
                    .chroma_location = AVCHROMA_LOC_LEFT};
  av::Encoder encoder(options);
  const av::Frame picture = test::MakePicture(160, 96, AV_PIX_FMT_YUV420P, 0);
  encoder.Send(*picture, 0, true);
  const av::Packet encoded = encoder.Receive();
  const av::Packet packet = av::CopyToPacket(av::ToAvcc(av::Bytes(*encoded)));

  av::Decoder decoder(av::VideoCodec::kAvc, encoder.avc_record(), 0);
  CHECK(decoder.Send(*packet));
  const av::Frame decoded = decoder.Receive();
  CHECK(decoded != nullptr);
  CHECK_EQUAL(decoded->width, 160);
  CHECK_EQUAL(decoded->height, 96);
  CHECK(decoded->color_primaries == AVCOL_PRI_BT709);
  CHECK(decoded->color_trc == AVCOL_TRC_BT709);
  CHECK(decoded->colorspace == AVCOL_SPC_BT709);
  CHECK(decoded->color_range == AVCOL_RANGE_MPEG);
}

TEST("encoder: an RGB source is stated as the YUV it was converted to") {
  const av::Frame rgb = test::MakePicture(160, 96, AV_PIX_FMT_YUV444P, 0);
  rgb->colorspace = AVCOL_SPC_RGB;
  CHECK(av::ColourOf(*rgb).matrix == AVCOL_SPC_BT709);
}

TEST("encoder: refused options name the reason") {
  av::EncoderOptions options = Options();
  options.preset = "nonsense";
  std::string message;
  try {
    av::Encoder encoder(options);
  } catch (const av::Error& error) {
    message = error.what();
  }
  CHECK(message.find("libx264") != std::string::npos);
}

TEST("decoder: a frame comes out for each unit at once, with its time") {
  const auto source = test::MakeSource(10, 5);
  av::Decoder decoder(av::VideoCodec::kAvc, source.record, 0);
  for (size_t i = 0; i < source.units.size(); ++i) {
    const SourceUnit unit = test::UnitAt(source, i);
    CHECK(decoder.Send(*unit.packet));
    const av::Frame frame = decoder.Receive();
    CHECK(frame != nullptr);
    CHECK_EQUAL(frame->pts, unit.info.pts);
  }
}

TEST("decoder: held-back frames come out when drained") {
  const auto source = test::MakeSource(10, 5);
  av::Decoder decoder(av::VideoCodec::kAvc, source.record, 3);
  size_t frames = 0;
  for (size_t i = 0; i < source.units.size(); ++i) {
    CHECK(decoder.Send(*test::UnitAt(source, i).packet));
    while (decoder.Receive() != nullptr) ++frames;
  }
  decoder.Drain();
  while (decoder.Receive() != nullptr) ++frames;
  CHECK_EQUAL(frames, source.units.size());
}
