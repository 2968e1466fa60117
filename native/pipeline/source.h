// The one decode that all rungs share.
#pragma once

#include <atomic>
#include <cstddef>
#include <memory>
#include <optional>
#include <vector>

#include "av/decoder.h"
#include "pipeline/bounded_queue.h"
#include "pipeline/pending_units.h"
#include "pipeline/rung.h"
#include "pipeline/types.h"

namespace millrace {

class Source {
 public:
  // Units that wait for the decoder, which rides out a stall or a burst. Beyond either limit units are
  // dropped up to the next keyframe.
  static constexpr size_t kMaxUnits = 256;
  static constexpr size_t kMaxBytes = size_t{64} << 20;

  // How late decoding may be, in multiples of the rungs' limit. Working off what is later would only cost
  // time in which more comes in: it is dropped, up to a keyframe that is not.
  static constexpr int kMaxLagFactor = 5;

  // Throws std::invalid_argument when the record in `options` is no decoder configuration record.
  Source(const PipelineOptions& options, const std::vector<std::unique_ptr<Rung>>& rungs);

  // From one thread at a time. False when the queue was full, or the unit hangs on one dropped for that
  // reason.
  bool Push(SourceUnit unit);
  void Finish() { queue_.Finish(); }
  void Abort() { queue_.Abort(); }

  // Body of the decoder's own thread: returns once the queue has ended, having told the rungs so.
  // Throws when the decoder cannot be opened; what it cannot decode is only counted.
  void Run();

  // From any thread; `rungs` is left empty.
  PipelineStats stats() const;

 private:
  bool IsUsable(const SourceUnit& unit) const;
  void Decode(const SourceUnit& unit);
  void DeliverPictures();

  // Fixed.
  const av::VideoCodec codec_;
  const std::vector<uint8_t> record_;
  // Of length-prefixed NAL units; 0 where the codec has none.
  const size_t length_size_;
  const Clock::duration max_lag_;
  const std::vector<std::unique_ptr<Rung>>& rungs_;

  // Shared between the threads.
  BoundedQueue<SourceUnit> queue_{kMaxUnits};
  std::atomic<size_t> queued_bytes_ = 0;
  std::atomic<uint64_t> units_in_ = 0;
  std::atomic<uint64_t> units_dropped_ = 0;
  std::atomic<uint64_t> decode_errors_ = 0;

  // Of the pushing thread.
  bool push_awaits_keyframe_ = false;

  // Of the decoder's own thread. The decoder is opened for the first keyframe, which tells the reordering.
  std::optional<av::Decoder> decoder_;
  PendingUnits pending_;
  bool decode_awaits_keyframe_ = true;
  std::optional<int64_t> last_pts_;
};

}  // namespace millrace
