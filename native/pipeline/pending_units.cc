#include "pipeline/pending_units.h"

#include <iterator>

namespace millrace {

void PendingUnits::Add(const UnitInfo& info) {
  units_.insert_or_assign(info.pts, info);
  if (units_.size() > kMax) units_.erase(units_.begin());
}

std::optional<UnitInfo> PendingUnits::Take(int64_t pts) {
  const auto found = units_.find(pts);
  if (found == units_.end()) return std::nullopt;
  const UnitInfo info = found->second;
  units_.erase(units_.begin(), std::next(found));
  return info;
}

}  // namespace millrace
