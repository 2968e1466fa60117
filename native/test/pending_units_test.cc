#include "pipeline/pending_units.h"

#include "test.h"

using millrace::PendingUnits;

namespace {

millrace::UnitInfo At(int64_t pts) {
  return {.pts = pts, .duration = 3000, .keyframe = false, .arrival = static_cast<double>(pts) / 90};
}

}  // namespace

TEST("pending: units added in decode order are taken in presentation order") {
  PendingUnits pending;
  for (const int64_t pts : {0, 9000, 3000, 6000}) pending.Add(At(pts));
  for (const int64_t pts : {0, 3000, 6000, 9000}) {
    CHECK_EQUAL(pending.Take(pts).value().arrival, static_cast<double>(pts) / 90);
  }
  CHECK_EQUAL(pending.size(), 0u);
}

TEST("pending: taking one forgets the earlier ones, which are lost") {
  PendingUnits pending;
  for (const int64_t pts : {0, 3000, 6000}) pending.Add(At(pts));
  CHECK(pending.Take(3000).has_value());
  CHECK_EQUAL(pending.size(), 1u);
  CHECK(!pending.Take(0).has_value());
}

TEST("pending: an unknown time has no unit and forgets nothing") {
  PendingUnits pending;
  pending.Add(At(3000));
  CHECK(!pending.Take(4000).has_value());
  CHECK_EQUAL(pending.size(), 1u);
}

TEST("pending: never holds more than its maximum") {
  PendingUnits pending;
  for (int64_t i = 0; i < 1000; ++i) pending.Add(At(i));
  CHECK_EQUAL(pending.size(), PendingUnits::kMax);
  CHECK(pending.Take(999).has_value());
}
