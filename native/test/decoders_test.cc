// Every codec that a source may come in, from a real encoder through the decoder and the whole pipeline.
#include <algorithm>
#include <memory>
#include <random>
#include <stdexcept>
#include <vector>

#include "av/decoder.h"
#include "foreign_source.h"
#include "synthetic.h"
#include "test.h"

using namespace millrace;
using av::VideoCodec;
using test::Collector;
using test::ForeignSource;

namespace {

constexpr int kFrames = 12;
constexpr int kGop = 6;

struct Outcome {
  std::vector<Event> events;
  PipelineStats stats;
};

Outcome RunThrough(const ForeignSource& source) {
  Collector collector;
  Pipeline pipeline(test::MakeOptions(source), [&collector] { collector.Notify(); });
  for (const test::ForeignUnit& unit : source.units) pipeline.Push(test::UnitOf(unit));
  pipeline.Finish();
  std::vector<Event> events = collector.CollectToEnd(pipeline);
  return {std::move(events), pipeline.stats()};
}

// Every frame of the source is in every rung, in the order of presentation, with its keyframes.
void CheckFaithful(const ForeignSource& source) {
  CHECK_EQUAL(source.units.size(), static_cast<size_t>(kFrames));
  std::vector<test::ForeignUnit> shown = source.units;
  std::ranges::sort(shown, {}, &test::ForeignUnit::pts);
  CHECK_EQUAL(std::ranges::count(shown, true, &test::ForeignUnit::keyframe), kFrames / kGop);
  const Outcome outcome = RunThrough(source);
  CHECK_EQUAL(outcome.stats.decode_errors, 0u);
  CHECK_EQUAL(outcome.stats.units_dropped, 0u);
  for (size_t rung = 0; rung < 2; ++rung) {
    const auto units = test::UnitsOf(outcome.events, rung);
    CHECK_EQUAL(units.size(), shown.size());
    for (size_t i = 0; i < units.size(); ++i) {
      CHECK_EQUAL(units[i].info.pts, shown[i].pts);
      CHECK_EQUAL(units[i].info.keyframe, shown[i].keyframe);
    }
  }
}

// A frame comes out for each unit before the next goes in.
void CheckNoDelay(const ForeignSource& source) {
  av::Decoder decoder(source.codec, source.record, 0);
  for (const test::ForeignUnit& unit : source.units) {
    CHECK(decoder.Send(*test::UnitOf(unit).packet));
    const av::Frame frame = decoder.Receive();
    CHECK(frame != nullptr);
    CHECK_EQUAL(frame->pts, unit.pts);
    CHECK_EQUAL(frame->width, test::kSourceWidth);
    CHECK_EQUAL(frame->height, test::kSourceHeight);
  }
}

// Whatever the first group of pictures became, the second is there whole.
void CheckSurvivesDamage(VideoCodec codec, size_t spared_bytes) {
  ForeignSource source = test::MakeForeignSource({.codec = codec}, kFrames, kGop);
  std::mt19937 random(11);
  for (size_t i = 0; i < kGop; ++i) {
    av::ByteVector& data = source.units[i].data;
    for (int hit = 0; hit < 4 && data.size() > spared_bytes; ++hit) {
      data[spared_bytes + random() % (data.size() - spared_bytes)] ^= 0x55;
    }
  }
  const Outcome outcome = RunThrough(source);
  size_t after = 0;
  for (const UnitEvent& unit : test::UnitsOf(outcome.events, 0)) {
    after += unit.info.pts >= kGop * test::kFrameTicks ? 1 : 0;
  }
  CHECK_EQUAL(after, static_cast<size_t>(kFrames - kGop));
  CHECK(std::holds_alternative<EndEvent>(outcome.events.back()));
}

}  // namespace

TEST("hevc: every frame and keyframe comes through, without delay") {
  const auto source = test::MakeForeignSource({.codec = VideoCodec::kHevc}, kFrames, kGop);
  CheckNoDelay(source);
  CheckFaithful(source);
}

TEST("hevc: a source with B-frames comes through in presentation order, complete") {
  const auto source = test::MakeForeignSource({.codec = VideoCodec::kHevc, .b_frames = 2}, kFrames, kGop);
  CHECK(!std::ranges::is_sorted(source.units, {}, &test::ForeignUnit::pts));
  CheckFaithful(source);
}

TEST("hevc: 10 bits become 8") {
  CheckFaithful(
      test::MakeForeignSource({.codec = VideoCodec::kHevc, .pixels = AV_PIX_FMT_YUV420P10}, kFrames, kGop));
}

TEST("hevc: lengths that do not add up drop up to the next keyframe") {
  auto source = test::MakeForeignSource({.codec = VideoCodec::kHevc}, kFrames, kGop);
  source.units[1].data.pop_back();
  const Outcome outcome = RunThrough(source);
  CHECK_EQUAL(outcome.stats.units_dropped, static_cast<uint64_t>(kGop - 1));
  CHECK_EQUAL(test::UnitsOf(outcome.events, 0).size(), static_cast<size_t>(kFrames - kGop + 1));
}

TEST("hevc: a record that is none is refused at once") {
  auto source = test::MakeForeignSource({.codec = VideoCodec::kHevc}, 1, 1);
  source.record.resize(22);
  CHECK_THROWS(Pipeline(test::MakeOptions(source), [] {}), std::invalid_argument);
}

TEST("hevc: damaged units end nothing, the next group of pictures is whole") {
  CheckSurvivesDamage(VideoCodec::kHevc, 8);
}

TEST("av1: every frame and keyframe comes through, without delay") {
  const auto source = test::MakeForeignSource({.codec = VideoCodec::kAv1}, kFrames, kGop);
  CheckNoDelay(source);
  CheckFaithful(source);
}

TEST("av1: 10 bits become 8") {
  CheckFaithful(
      test::MakeForeignSource({.codec = VideoCodec::kAv1, .pixels = AV_PIX_FMT_YUV420P10}, kFrames, kGop));
}

TEST("av1: damaged units end nothing, the next group of pictures is whole") {
  CheckSurvivesDamage(VideoCodec::kAv1, 0);
}

TEST("vp9: every frame and keyframe comes through, without delay") {
  const auto source = test::MakeForeignSource({.codec = VideoCodec::kVp9}, kFrames, kGop);
  CheckNoDelay(source);
  CheckFaithful(source);
}

TEST("vp9: damaged units end nothing, the next group of pictures is whole") {
  CheckSurvivesDamage(VideoCodec::kVp9, 0);
}
