#include "pipeline/pipeline.h"

#include <memory>
#include <random>
#include <stdexcept>

#include "synthetic.h"
#include "test.h"

using namespace millrace;
using test::Collector;
using test::kFrameTicks;

namespace {

std::unique_ptr<Pipeline> Start(const PipelineOptions& options, Collector& collector) {
  return std::make_unique<Pipeline>(options, [&collector] { collector.Notify(); });
}

// Pushes units [from, to) of the source.
void PushRange(Pipeline& pipeline, const test::SyntheticSource& source, size_t from, size_t to) {
  for (size_t i = from; i < to; ++i) pipeline.Push(test::UnitAt(source, i));
}

size_t CountErrors(const std::vector<Event>& events) {
  size_t errors = 0;
  for (const Event& event : events) errors += std::holds_alternative<ErrorEvent>(event) ? 1 : 0;
  return errors;
}

// Frames of `rung` that lie in the group of pictures beginning at `first`.
size_t FramesBetween(const std::vector<Event>& events, size_t rung, size_t first, size_t end) {
  size_t frames = 0;
  for (const UnitEvent& unit : test::UnitsOf(events, rung)) {
    const auto index = static_cast<size_t>(unit.info.pts / kFrameTicks);
    frames += index >= first && index < end ? 1 : 0;
  }
  return frames;
}

}  // namespace

TEST("pipeline: every rung has every frame, time, arrival and keyframe of the source") {
  const auto source = test::MakeSource(8, 4);
  Collector collector;
  const auto pipeline = Start(test::MakeOptions(source), collector);
  PushRange(*pipeline, source, 0, source.units.size());
  pipeline->Finish();
  const auto events = collector.CollectToEnd(*pipeline);
  CHECK_EQUAL(CountErrors(events), 0u);
  for (size_t rung = 0; rung < 2; ++rung) {
    const auto units = test::UnitsOf(events, rung);
    CHECK_EQUAL(units.size(), source.units.size());
    for (size_t i = 0; i < units.size(); ++i) {
      CHECK_EQUAL(units[i].info.pts, static_cast<int64_t>(i) * kFrameTicks);
      CHECK_EQUAL(units[i].info.duration, kFrameTicks);
      CHECK_EQUAL(units[i].info.arrival, static_cast<double>(i));
      CHECK_EQUAL(units[i].info.keyframe, source.IsKeyframe(i));
      CHECK(av::HasSoundLengths(units[i].data, 4));
    }
  }
  CHECK_EQUAL(pipeline->stats().units_in, source.units.size());
  CHECK_EQUAL(pipeline->stats().units_dropped, 0u);
  CHECK_EQUAL(pipeline->stats().decode_errors, 0u);
}

TEST("pipeline: finishing without a unit ends at once") {
  Collector collector;
  const auto pipeline = Start(test::MakeOptions(test::MakeSource(1, 1)), collector);
  pipeline->Finish();
  CHECK_EQUAL(collector.CollectToEnd(*pipeline).size(), 1u);
}

TEST("pipeline: an empty unit is dropped and changes nothing else") {
  const auto source = test::MakeSource(6, 3);
  Collector collector;
  const auto pipeline = Start(test::MakeOptions(source), collector);
  PushRange(*pipeline, source, 0, 3);
  SourceUnit empty = test::UnitAt(source, 2);
  empty.packet = av::CopyToPacket({});
  CHECK(pipeline->Push(std::move(empty)));
  PushRange(*pipeline, source, 3, 6);
  pipeline->Finish();
  const auto events = collector.CollectToEnd(*pipeline);
  CHECK_EQUAL(test::UnitsOf(events, 0).size(), 6u);
  CHECK_EQUAL(pipeline->stats().units_dropped, 1u);
}

TEST("pipeline: lengths that do not add up drop up to the next keyframe, in every rung alike") {
  auto source = test::MakeSource(8, 4);
  source.units[1].back() = 0;
  source.units[1].resize(source.units[1].size() - 1);
  Collector collector;
  const auto pipeline = Start(test::MakeOptions(source), collector);
  PushRange(*pipeline, source, 0, 8);
  pipeline->Finish();
  const auto events = collector.CollectToEnd(*pipeline);
  CHECK_EQUAL(pipeline->stats().units_dropped, 3u);
  for (size_t rung = 0; rung < 2; ++rung) {
    CHECK_EQUAL(FramesBetween(events, rung, 0, 4), 1u);
    CHECK_EQUAL(FramesBetween(events, rung, 4, 8), 4u);
  }
}

TEST("pipeline: what comes before the first keyframe is dropped") {
  const auto source = test::MakeSource(8, 4);
  Collector collector;
  const auto pipeline = Start(test::MakeOptions(source), collector);
  PushRange(*pipeline, source, 2, 8);
  pipeline->Finish();
  const auto events = collector.CollectToEnd(*pipeline);
  CHECK_EQUAL(test::UnitsOf(events, 0).size(), 4u);
  CHECK(test::UnitsOf(events, 0).front().info.keyframe);
}

TEST("pipeline: times that do not rise are not encoded twice") {
  const auto source = test::MakeSource(4, 1);
  Collector collector;
  const auto pipeline = Start(test::MakeOptions(source), collector);
  PushRange(*pipeline, source, 0, 4);
  PushRange(*pipeline, source, 1, 3);
  pipeline->Finish();
  const auto events = collector.CollectToEnd(*pipeline);
  CHECK_EQUAL(CountErrors(events), 0u);
  CHECK_EQUAL(test::UnitsOf(events, 0).size(), 4u);
  CHECK_EQUAL(pipeline->stats().decode_errors, 2u);
}

TEST("pipeline: damaged units never end it") {
  const auto source = test::MakeSource(60, 10);
  std::mt19937 random(7);
  Collector collector;
  const auto pipeline = Start(test::MakeOptions(source), collector);
  for (size_t i = 0; i < 50; ++i) {
    SourceUnit unit = test::UnitAt(source, i);
    // The lengths stay intact, so the decoder gets to see the damage.
    for (int hit = 0; hit < 4 && unit.packet->size > 8; ++hit) {
      unit.packet->data[5 + random() % (static_cast<unsigned>(unit.packet->size) - 5)] ^= 0x55;
    }
    pipeline->Push(std::move(unit));
  }
  PushRange(*pipeline, source, 50, 60);
  pipeline->Finish();
  const auto events = collector.CollectToEnd(*pipeline);
  CHECK_EQUAL(CountErrors(events), 0u);
  CHECK_EQUAL(pipeline->stats().units_in, 60u);
}

TEST("pipeline: a full input queue drops up to a keyframe that finds room, and says so") {
  const auto source = test::MakeSource(2, 2);
  // The rungs' threads are not needed: a Source alone, whose decoder thread does not run.
  const std::vector<std::unique_ptr<Rung>> no_rungs;
  Source input(test::MakeOptions(source), no_rungs);
  CHECK(input.Push(test::UnitAt(source, 0)));
  for (size_t i = 1; i < Source::kMaxUnits; ++i) CHECK(input.Push(test::UnitAt(source, 1)));
  CHECK(!input.Push(test::UnitAt(source, 1)));
  CHECK(!input.Push(test::UnitAt(source, 0)));
  CHECK_EQUAL(input.stats().units_dropped, 2u);
  input.Finish();
  input.Run();
  CHECK(!input.Push(test::UnitAt(source, 0)));
}

TEST("pipeline: units that waited too long are dropped") {
  const auto source = test::MakeSource(4, 2);
  PipelineOptions options = test::MakeOptions(source);
  options.max_lag = -test::kNeverLate;
  const std::vector<std::unique_ptr<Rung>> no_rungs;
  Source input(options, no_rungs);
  for (size_t i = 0; i < 4; ++i) CHECK(input.Push(test::UnitAt(source, i)));
  input.Finish();
  input.Run();
  CHECK_EQUAL(input.stats().units_dropped, 4u);
}

TEST("pipeline: the bytes that wait for the decoder are bounded too") {
  const auto source = test::MakeSource(1, 1);
  const std::vector<std::unique_ptr<Rung>> no_rungs;
  Source input(test::MakeOptions(source), no_rungs);
  const std::vector<uint8_t> quarter(Source::kMaxBytes / 4);
  for (int i = 0; i < 5; ++i) {
    SourceUnit unit = test::UnitAt(source, 0);
    unit.packet = av::CopyToPacket(quarter);
    CHECK_EQUAL(input.Push(std::move(unit)), i < 4);
  }
}

TEST("pipeline: an encoder that cannot open gives one error, then the end") {
  const auto source = test::MakeSource(4, 2);
  PipelineOptions options = test::MakeOptions(source);
  options.preset = "nonsense";
  Collector collector;
  const auto pipeline = Start(options, collector);
  PushRange(*pipeline, source, 0, 4);
  const auto events = collector.CollectToEnd(*pipeline);
  CHECK_EQUAL(CountErrors(events), 1u);
  CHECK(std::holds_alternative<EndEvent>(events.back()));
  CHECK(!pipeline->Push(test::UnitAt(source, 0)));
}

TEST("pipeline: a record that is none is refused at once") {
  PipelineOptions options = test::MakeOptions(test::MakeSource(1, 1));
  options.source_record = {1, 2, 3};
  CHECK_THROWS(Pipeline(options, [] {}), std::invalid_argument);
}

TEST("pipeline: a record that cannot be decoded with gives no frame and no failure") {
  const auto source = test::MakeSource(4, 2);
  PipelineOptions options = test::MakeOptions(source);
  options.source_record = {1, 0x64, 0, 0x1e, 0xff, 0xe0, 0};
  Collector collector;
  const auto pipeline = Start(options, collector);
  PushRange(*pipeline, source, 0, 4);
  pipeline->Finish();
  const auto events = collector.CollectToEnd(*pipeline);
  CHECK(test::UnitsOf(events, 0).empty());
}
