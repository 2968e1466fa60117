// Where the threads of a pipeline leave their results for the one that collects them.
#pragma once

#include <condition_variable>
#include <cstddef>
#include <functional>
#include <mutex>
#include <vector>

#include "pipeline/types.h"

namespace millrace {

// Collects events into batches: `notify` is called, on the thread that puts, only when the outbox stops being
// empty; whoever is notified takes everything that is there by then.
class Outbox {
 public:
  // Limits on what waits to be collected. A thread that passes one waits, so its own input queue fills and
  // drops.
  static constexpr size_t kMaxUnits = 1024;
  static constexpr size_t kMaxBytes = size_t{64} << 20;

  explicit Outbox(std::function<void()> notify) : notify_(std::move(notify)) {}

  // Waits while the outbox is full.
  void PutUnit(UnitEvent unit);
  // Never waits: there are only a few of the others.
  void Put(Event event);

  // Everything there is, oldest first.
  std::vector<Event> Take();

  // Threads that wait for room.
  size_t waiting() const;

  // Throws away what waits and all that comes; nobody is notified any more, nobody waits.
  void Close();

 private:
  void Append(std::unique_lock<std::mutex> lock, Event event);

  const std::function<void()> notify_;
  mutable std::mutex mutex_;
  std::condition_variable room_;
  std::vector<Event> events_;
  size_t units_ = 0;
  size_t bytes_ = 0;
  size_t waiting_ = 0;
  bool closed_ = false;
};

}  // namespace millrace
