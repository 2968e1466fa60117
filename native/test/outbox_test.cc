#include "pipeline/outbox.h"

#include <atomic>
#include <thread>

#include "test.h"

using namespace millrace;

namespace {

UnitEvent UnitOf(size_t bytes) {
  return {0, {}, std::vector<uint8_t>(bytes)};
}

// A unit put on a thread of its own, into an outbox that has no room for it.
class LatePut {
 public:
  explicit LatePut(Outbox& outbox)
      : outbox_(outbox), thread_([this] {
          outbox_.PutUnit(UnitOf(1));
          done_ = true;
        }) {}

  ~LatePut() {
    if (!thread_.joinable()) return;
    outbox_.Close();
    thread_.join();
  }

  // Whether it came to wait for room, and so did not get through.
  bool Waits() const {
    while (outbox_.waiting() == 0 && !done_) std::this_thread::yield();
    return !done_;
  }

  void Join() { thread_.join(); }

 private:
  Outbox& outbox_;
  std::atomic<bool> done_ = false;
  std::thread thread_;
};

}  // namespace

TEST("outbox: one notification per batch") {
  int notified = 0;
  Outbox outbox([&] { ++notified; });
  for (int i = 0; i < 3; ++i) outbox.PutUnit(UnitOf(1));
  CHECK_EQUAL(notified, 1);
  CHECK_EQUAL(outbox.Take().size(), 3u);
  CHECK(outbox.Take().empty());
  outbox.Put(EndEvent{});
  CHECK_EQUAL(notified, 2);
}

TEST("outbox: a unit waits while the outbox is full of units, the end does not") {
  Outbox outbox([] {});
  for (size_t i = 0; i < Outbox::kMaxUnits; ++i) outbox.PutUnit(UnitOf(1));
  LatePut late(outbox);
  CHECK(late.Waits());
  outbox.Put(EndEvent{});
  CHECK_EQUAL(outbox.Take().size(), Outbox::kMaxUnits + 1);
  late.Join();
  CHECK_EQUAL(outbox.Take().size(), 1u);
  CHECK_EQUAL(outbox.waiting(), 0u);
}

TEST("outbox: a unit waits while the outbox is full of bytes") {
  Outbox outbox([] {});
  outbox.PutUnit(UnitOf(Outbox::kMaxBytes));
  LatePut late(outbox);
  CHECK(late.Waits());
  CHECK_EQUAL(outbox.Take().size(), 1u);
  late.Join();
  CHECK_EQUAL(outbox.Take().size(), 1u);
}

TEST("outbox: closing discards, silences and wakes") {
  int notified = 0;
  Outbox outbox([&] { ++notified; });
  outbox.PutUnit(UnitOf(Outbox::kMaxBytes));
  LatePut late(outbox);
  CHECK(late.Waits());
  outbox.Close();
  late.Join();
  outbox.Put(EndEvent{});
  CHECK(outbox.Take().empty());
  CHECK_EQUAL(notified, 1);
}
