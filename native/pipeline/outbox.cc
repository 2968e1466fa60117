#include "pipeline/outbox.h"

#include <utility>

namespace millrace {

void Outbox::PutUnit(UnitEvent unit) {
  std::unique_lock lock(mutex_);
  ++waiting_;
  room_.wait(lock, [this] { return closed_ || (units_ < kMaxUnits && bytes_ < kMaxBytes); });
  --waiting_;
  if (closed_) return;
  ++units_;
  bytes_ += unit.data.size();
  Append(std::move(lock), std::move(unit));
}

void Outbox::Put(Event event) {
  std::unique_lock lock(mutex_);
  if (closed_) return;
  Append(std::move(lock), std::move(event));
}

void Outbox::Append(std::unique_lock<std::mutex> lock, Event event) {
  const bool was_empty = events_.empty();
  events_.push_back(std::move(event));
  lock.unlock();
  if (was_empty) notify_();
}

std::vector<Event> Outbox::Take() {
  std::vector<Event> taken;
  {
    const std::lock_guard lock(mutex_);
    taken.swap(events_);
    units_ = 0;
    bytes_ = 0;
  }
  room_.notify_all();
  return taken;
}

size_t Outbox::waiting() const {
  const std::lock_guard lock(mutex_);
  return waiting_;
}

void Outbox::Close() {
  std::vector<Event> discarded;
  {
    const std::lock_guard lock(mutex_);
    closed_ = true;
    discarded.swap(events_);
  }
  room_.notify_all();
}

}  // namespace millrace
