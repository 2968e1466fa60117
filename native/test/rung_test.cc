#include "pipeline/rung.h"

#include <thread>
#include <vector>

#include "synthetic.h"
#include "test.h"

using namespace millrace;

namespace {

PipelineOptions Options() {
  PipelineOptions options;
  options.preset = "ultrafast";
  options.rungs = {{.width = 80, .height = 48, .bitrate = 100'000}};
  options.max_lag = test::kNeverLate;
  return options;
}

Picture PictureAt(int index, bool keyframe, Clock::time_point entered = Clock::now()) {
  return {test::MakePicture(160, 96, AV_PIX_FMT_YUV420P, index),
          {.pts = index * test::kFrameTicks,
           .duration = test::kFrameTicks,
           .keyframe = keyframe,
           .arrival = 0,
           .entered = entered}};
}

std::vector<int64_t> EncodedFrames(Outbox& outbox) {
  std::vector<int64_t> frames;
  for (const UnitEvent& unit : test::UnitsOf(outbox.Take(), 0)) {
    frames.push_back(unit.info.pts / test::kFrameTicks);
  }
  return frames;
}

}  // namespace

TEST("rung: late pictures are skipped and counted, but no keyframe and none that is in time") {
  Outbox outbox([] {});
  Rung rung(0, Options(), outbox);
  const auto long_ago = Clock::now() - 2 * test::kNeverLate;
  rung.Offer(PictureAt(0, true));
  rung.Offer(PictureAt(1, false));
  for (const int i : {2, 3}) rung.Offer(PictureAt(i, false, long_ago));
  rung.Offer(PictureAt(4, true, long_ago));
  rung.Offer(PictureAt(5, false, long_ago));
  rung.Offer(PictureAt(6, false));
  CHECK_EQUAL(rung.stats().queue_length, 7u);
  rung.Finish();
  rung.Run();
  CHECK(EncodedFrames(outbox) == std::vector<int64_t>({0, 1, 4, 6}));
  CHECK_EQUAL(rung.stats().frames_in, 7u);
  CHECK_EQUAL(rung.stats().frames_dropped, 3u);
  CHECK_EQUAL(rung.stats().frames_out, 4u);
  CHECK(rung.stats().bytes_out > 0);
  CHECK(rung.stats().lag_ms > 0);
}

TEST("rung: more pictures than the queue holds wait for the encoder, and none is lost") {
  constexpr int kPictures = 3 * static_cast<int>(Rung::kQueueCapacity);
  Outbox outbox([] {});
  Rung rung(0, Options(), outbox);
  std::thread encoder([&] { rung.Run(); });
  for (int i = 0; i < kPictures; ++i) rung.Offer(PictureAt(i, i == 0));
  rung.Finish();
  encoder.join();
  CHECK_EQUAL(EncodedFrames(outbox).size(), static_cast<size_t>(kPictures));
}

TEST("rung: the track comes before the first unit, and only once") {
  Outbox outbox([] {});
  Rung rung(0, Options(), outbox);
  for (int i = 0; i < 3; ++i) rung.Offer(PictureAt(i, i == 0));
  rung.Finish();
  rung.Run();
  const std::vector<Event> events = outbox.Take();
  CHECK_EQUAL(events.size(), 4u);
  CHECK(std::holds_alternative<TrackEvent>(events[0]));
  for (size_t i = 1; i < events.size(); ++i) CHECK(std::holds_alternative<UnitEvent>(events[i]));
}

TEST("rung: without a picture there is no track") {
  Outbox outbox([] {});
  Rung rung(0, Options(), outbox);
  rung.Finish();
  rung.Run();
  CHECK(outbox.Take().empty());
}
