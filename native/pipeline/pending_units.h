// Which source unit a decoded picture came from.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>

#include "pipeline/types.h"

namespace millrace {

// The units inside the decoder, by presentation time.
class PendingUnits {
 public:
  // More than the decoder can hold back (16 pictures); beyond it the earliest is forgotten.
  static constexpr size_t kMax = 64;

  void Add(const UnitInfo& info);
  // The unit presented at `pts`, and forgets it together with all earlier ones: pictures come out in
  // presentation order, so those were lost. Nothing when there is no such unit.
  std::optional<UnitInfo> Take(int64_t pts);
  size_t size() const { return units_.size(); }

 private:
  std::map<int64_t, UnitInfo> units_;
};

}  // namespace millrace
