#include <atomic>
#include <memory>
#include <thread>
#include <vector>

#include "pipeline/pipeline.h"
#include "pipeline/reaper.h"
#include "synthetic.h"
#include "test.h"

using namespace millrace;

namespace {

constexpr int kRounds = 20;

}  // namespace

TEST("shutdown: stopping while units go in, after any number of them") {
  const auto source = test::MakeSource(kRounds, 5);
  for (size_t round = 0; round < kRounds; ++round) {
    Pipeline pipeline(test::MakeOptions(source), [] {});
    std::thread pusher([&] {
      for (size_t i = 0; i < source.units.size(); ++i) pipeline.Push(test::UnitAt(source, i));
    });
    for (size_t i = 0; i < round; ++i) std::this_thread::yield();
    pipeline.Stop();
    pusher.join();
    CHECK(pipeline.TakeEvents().empty());
  }
}

TEST("shutdown: destroying at once, finished or not, stopped or not") {
  const auto source = test::MakeSource(4, 2);
  for (int round = 0; round < kRounds; ++round) {
    Pipeline pipeline(test::MakeOptions(source), [] {});
    for (size_t i = 0; i < source.units.size(); ++i) pipeline.Push(test::UnitAt(source, i));
    if (round % 2 == 0) pipeline.Finish();
    if (round % 3 == 0) pipeline.Stop();
  }
}

TEST("shutdown: nothing is notified once destroyed") {
  const auto source = test::MakeSource(4, 2);
  auto alive = std::make_shared<std::atomic<bool>>(true);
  std::atomic<int> late = 0;
  {
    Pipeline pipeline(test::MakeOptions(source), [alive, &late] { late += alive->load() ? 0 : 1; });
    for (size_t i = 0; i < source.units.size(); ++i) pipeline.Push(test::UnitAt(source, i));
    pipeline.Stop();
  }
  *alive = false;
  CHECK_EQUAL(late.load(), 0);
  CHECK_EQUAL(alive.use_count(), 1);
}

TEST("shutdown: statistics and events are read while the threads work and stop") {
  const auto source = test::MakeSource(30, 5);
  Pipeline pipeline(test::MakeOptions(source), [] {});
  std::atomic<bool> reading = true;
  std::thread reader([&] {
    while (reading) {
      const PipelineStats stats = pipeline.stats();
      CHECK(stats.rungs.size() == 2);
      pipeline.TakeEvents();
    }
  });
  for (size_t i = 0; i < source.units.size(); ++i) pipeline.Push(test::UnitAt(source, i));
  pipeline.Stop();
  reading = false;
  reader.join();
}

TEST("shutdown: the reaper waits for every pipeline it was given") {
  const auto source = test::MakeSource(4, 2);
  std::atomic<int> alive = 0;
  const auto count = [&alive](int change) { alive += change; };
  {
    Reaper reaper;
    for (int round = 0; round < kRounds; ++round) {
      // The notifier dies with its pipeline and so tells when that is.
      count(1);
      const std::shared_ptr<void> token(nullptr, [&count](void*) { count(-1); });
      auto pipeline = std::make_unique<Pipeline>(test::MakeOptions(source), [token] {});
      for (size_t i = 0; i < source.units.size(); ++i) pipeline->Push(test::UnitAt(source, i));
      reaper.Bury(std::move(pipeline));
    }
  }
  CHECK_EQUAL(alive.load(), 0);
}

TEST("shutdown: a reaper without work goes at once") {
  const Reaper reaper;
}
