// Decodes one source once and encodes every rung, each on a thread of its own.
#pragma once

#include <atomic>
#include <functional>
#include <memory>
#include <string_view>
#include <thread>
#include <vector>

#include "pipeline/outbox.h"
#include "pipeline/rung.h"
#include "pipeline/source.h"
#include "pipeline/types.h"

namespace millrace {

// Units of one epoch in, events out:
//
//   Push -> queue -> decoder thread -> queue of each rung -> rung threads -> outbox -> TakeEvents
//
// It ends in one of three ways. Finish drains everything, then an EndEvent comes. A failure gives an
// ErrorEvent and an EndEvent. Stop silences it at once. In every case the destructor waits for the threads,
// which takes as long as the picture each of them is working on.
class Pipeline {
 public:
  // `notify` is called on the pipeline's threads when events wait to be taken; it must not throw, and may be
  // called until the pipeline is destroyed. Throws std::invalid_argument when the source's record is none.
  Pipeline(const PipelineOptions& options, std::function<void()> notify);
  ~Pipeline();

  Pipeline(const Pipeline&) = delete;
  Pipeline& operator=(const Pipeline&) = delete;

  // From one thread at a time. False when the unit was dropped because the queue was full, and for those that
  // follow up to a keyframe that finds room.
  bool Push(SourceUnit unit) { return source_.Push(std::move(unit)); }
  // No more units; everything pushed so far comes out.
  void Finish() { source_.Finish(); }
  // Ends all work without waiting for it: no event can be taken any more.
  void Stop();

  std::vector<Event> TakeEvents() { return outbox_.Take(); }
  PipelineStats stats() const;

 private:
  void StartThread(const char* name, std::function<void()> body);
  void Fail(std::string_view reason);
  void AbortQueues();

  Outbox outbox_;
  std::vector<std::unique_ptr<Rung>> rungs_;
  Source source_;
  std::atomic<bool> failed_ = false;
  std::atomic<size_t> running_;
  std::vector<std::thread> threads_;
};

}  // namespace millrace
