#include "pipeline/rung.h"

#include <vector>

#include "synthetic.h"
#include "test.h"

using namespace millrace;

namespace {

Picture PictureAt(int index, bool keyframe) {
  return {
      test::MakePicture(160, 96, AV_PIX_FMT_YUV420P, index),
      {.pts = index * test::kFrameTicks, .duration = test::kFrameTicks, .keyframe = keyframe, .arrival = 0}};
}

std::vector<int64_t> EncodedFrames(Outbox& outbox) {
  std::vector<int64_t> frames;
  for (const UnitEvent& unit : test::UnitsOf(outbox.Take(), 0)) {
    frames.push_back(unit.info.pts / test::kFrameTicks);
  }
  return frames;
}

}  // namespace

TEST("rung: a full queue skips its oldest pictures but no keyframe") {
  Outbox outbox([] {});
  Rung rung(0, {.width = 80, .height = 48, .bitrate = 100'000}, {30, 1}, "ultrafast", outbox);
  // Nobody encodes yet: 20 pictures for 8 places, keyframes at 0, 10 and 15.
  for (int i = 0; i < 20; ++i) rung.Offer(PictureAt(i, i == 0 || i == 10 || i == 15));
  CHECK_EQUAL(rung.stats().queue_length, Rung::kQueueCapacity);
  CHECK_EQUAL(rung.stats().frames_dropped, 12u);
  rung.Finish();
  rung.Run();
  CHECK(EncodedFrames(outbox) == std::vector<int64_t>({0, 10, 14, 15, 16, 17, 18, 19}));
  CHECK_EQUAL(rung.stats().frames_in, 20u);
  CHECK_EQUAL(rung.stats().frames_out, 8u);
  CHECK(rung.stats().bytes_out > 0);
  CHECK(rung.stats().lag_ms > 0);
}

TEST("rung: the track comes before the first unit, and only once") {
  Outbox outbox([] {});
  Rung rung(0, {.width = 80, .height = 48, .bitrate = 100'000}, {30, 1}, "ultrafast", outbox);
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
  Rung rung(0, {.width = 80, .height = 48, .bitrate = 100'000}, {30, 1}, "ultrafast", outbox);
  rung.Finish();
  rung.Run();
  CHECK(outbox.Take().empty());
}
