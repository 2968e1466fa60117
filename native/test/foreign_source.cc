#include "foreign_source.h"

#include <stdexcept>
#include <string>
#include <utility>

#include "av/error.h"
#include "av/timescale.h"
#include "synthetic.h"

namespace millrace::test {
namespace {

constexpr uint8_t kHevcVps = 32;
constexpr uint8_t kHevcPps = 34;

uint8_t HevcTypeOf(av::ByteView nal) {
  return nal[0] >> 1 & 0x3f;
}

void Append(av::ByteVector& out, av::ByteView bytes) {
  out.insert(out.end(), bytes.begin(), bytes.end());
}

void AppendBigEndian(av::ByteVector& out, size_t value, int bytes) {
  for (int shift = 8 * (bytes - 1); shift >= 0; shift -= 8)
    out.push_back(static_cast<uint8_t>(value >> shift));
}

// HEVCDecoderConfigurationRecord; of its general fields a decoder reads only the length size.
av::ByteVector MakeHevcRecord(av::ByteView annex_b_headers) {
  av::ByteVector record(22, 0);
  record[0] = 1;
  record[21] = 3;
  record.push_back(kHevcPps - kHevcVps + 1);
  const auto nals = av::SplitAnnexB(annex_b_headers);
  for (uint8_t type = kHevcVps; type <= kHevcPps; ++type) {
    for (const av::ByteView nal : nals) {
      if (HevcTypeOf(nal) != type) continue;
      record.push_back(0x80 | type);
      AppendBigEndian(record, 1, 2);
      AppendBigEndian(record, nal.size(), 2);
      Append(record, nal);
    }
  }
  return record;
}

av::ByteVector ToLengthPrefixed(av::ByteView annex_b) {
  av::ByteVector unit;
  for (const av::ByteView nal : av::SplitAnnexB(annex_b)) {
    AppendBigEndian(unit, nal.size(), 4);
    Append(unit, nal);
  }
  return unit;
}

// AV1CodecConfigurationRecord (AV1 in ISOBMFF 2.3.3) with the sequence header in it.
av::ByteVector MakeAv1Record(av::ByteView sequence_header) {
  av::ByteVector record = {0x81, 0, 0x0c, 0};
  Append(record, sequence_header);
  return record;
}

// A temporal unit travels without its delimiter, an OBU of two bytes.
av::ByteView WithoutDelimiter(av::ByteView unit) {
  return unit.size() > 2 && unit[0] == 0x12 && unit[1] == 0 ? unit.subspan(2) : unit;
}

av::ByteVector RecordOf(av::VideoCodec codec, const AVCodecContext& context) {
  const av::ByteView extradata(context.extradata, static_cast<size_t>(context.extradata_size));
  switch (codec) {
    case av::VideoCodec::kHevc:
      return MakeHevcRecord(extradata);
    case av::VideoCodec::kAv1:
      return MakeAv1Record(extradata);
    case av::VideoCodec::kVp9:
    case av::VideoCodec::kAvc:
      break;
  }
  return {};
}

av::ByteVector UnitBytes(av::VideoCodec codec, av::ByteView packet) {
  if (codec == av::VideoCodec::kHevc) return ToLengthPrefixed(packet);
  const av::ByteView kept = codec == av::VideoCodec::kAv1 ? WithoutDelimiter(packet) : packet;
  return {kept.begin(), kept.end()};
}

struct EncoderChoice {
  const char* name;
  // Private options: one thread, as fast as it goes.
  std::vector<std::pair<const char*, std::string>> options;
};

EncoderChoice ChooseEncoder(const ForeignShape& shape, int gop) {
  switch (shape.codec) {
    case av::VideoCodec::kHevc:
      return {"libx265",
              {{"preset", "ultrafast"},
               {"x265-params",
                "log-level=none:pools=none:frame-threads=1:wpp=0:scenecut=0:open-gop=0:b-adapt=0:rc-"
                "lookahead=8:keyint=" +
                    std::to_string(gop) + ":bframes=" + std::to_string(shape.b_frames)}}};
    case av::VideoCodec::kAv1:
      return {"libaom-av1", {{"usage", "realtime"}, {"cpu-used", "8"}, {"lag-in-frames", "0"}}};
    case av::VideoCodec::kVp9:
      return {"libvpx-vp9", {{"deadline", "realtime"}, {"cpu-used", "8"}, {"lag-in-frames", "0"}}};
    case av::VideoCodec::kAvc:
      break;
  }
  throw std::invalid_argument("not a foreign codec");
}

}  // namespace

ForeignSource MakeForeignSource(const ForeignShape& shape, int frames, int gop) {
  const EncoderChoice choice = ChooseEncoder(shape, gop);
  const AVCodec* codec = avcodec_find_encoder_by_name(choice.name);
  if (codec == nullptr) throw av::Error(choice.name, AVERROR_ENCODER_NOT_FOUND);
  const av::CodecContext context = av::MakeCodecContext(*codec);
  context->width = kSourceWidth;
  context->height = kSourceHeight;
  context->pix_fmt = shape.pixels;
  context->time_base = {1, av::kTimescale};
  context->framerate = {30, 1};
  context->bit_rate = 300'000;
  context->gop_size = gop;
  context->keyint_min = gop;
  context->max_b_frames = shape.b_frames;
  context->thread_count = 1;
  context->flags |= AV_CODEC_FLAG_GLOBAL_HEADER;
  for (const auto& [name, value] : choice.options) {
    av::Check(av_opt_set(context->priv_data, name, value.c_str(), 0), name);
  }
  av::Check(avcodec_open2(context.get(), codec, nullptr), choice.name);

  ForeignSource source{shape.codec, RecordOf(shape.codec, *context), {}};
  const auto collect = [&] {
    const av::Packet packet = av::MakePacket();
    while (avcodec_receive_packet(context.get(), packet.get()) == 0) {
      source.units.push_back({.data = UnitBytes(shape.codec, av::Bytes(*packet)),
                              .pts = packet->pts,
                              .dts = packet->dts,
                              .keyframe = (packet->flags & AV_PKT_FLAG_KEY) != 0});
      av_packet_unref(packet.get());
    }
  };
  for (int i = 0; i < frames; ++i) {
    const av::Frame picture = MakePicture(kSourceWidth, kSourceHeight, shape.pixels, i);
    picture->pts = i * kFrameTicks;
    av::Check(avcodec_send_frame(context.get(), picture.get()), choice.name);
    collect();
  }
  av::Check(avcodec_send_frame(context.get(), nullptr), choice.name);
  collect();
  return source;
}

SourceUnit UnitOf(const ForeignUnit& unit) {
  SourceUnit made;
  made.packet = av::CopyToPacket(unit.data);
  made.packet->pts = unit.pts;
  made.packet->dts = unit.dts;
  made.info.pts = unit.pts;
  made.info.duration = kFrameTicks;
  made.info.keyframe = unit.keyframe;
  return made;
}

PipelineOptions MakeOptions(const ForeignSource& source) {
  return MakeOptions(SyntheticSource{source.codec, source.record, {}, 1});
}

}  // namespace millrace::test
