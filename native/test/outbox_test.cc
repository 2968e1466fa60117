#include "pipeline/outbox.h"

#include <atomic>
#include <thread>

#include "test.h"

using namespace millrace;

namespace {

UnitEvent UnitOf(size_t bytes) {
  return {0, {}, std::vector<uint8_t>(bytes)};
}

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
  std::atomic<bool> put = false;
  std::thread thread([&] {
    outbox.PutUnit(UnitOf(1));
    put = true;
  });
  outbox.Put(EndEvent{});
  CHECK(!put);
  CHECK_EQUAL(outbox.Take().size(), Outbox::kMaxUnits + 1);
  thread.join();
  CHECK_EQUAL(outbox.Take().size(), 1u);
}

TEST("outbox: a unit waits while the outbox is full of bytes") {
  Outbox outbox([] {});
  outbox.PutUnit(UnitOf(Outbox::kMaxBytes));
  std::thread thread([&] { outbox.PutUnit(UnitOf(1)); });
  CHECK_EQUAL(outbox.Take().size(), 1u);
  thread.join();
  CHECK_EQUAL(outbox.Take().size(), 1u);
}

TEST("outbox: closing discards, silences and wakes") {
  int notified = 0;
  Outbox outbox([&] { ++notified; });
  outbox.PutUnit(UnitOf(Outbox::kMaxBytes));
  std::thread thread([&] { outbox.PutUnit(UnitOf(1)); });
  outbox.Close();
  thread.join();
  outbox.Put(EndEvent{});
  CHECK(outbox.Take().empty());
  CHECK_EQUAL(notified, 1);
}
