// One rendition: scales and encodes every picture it is offered.
#pragma once

#include <atomic>
#include <cstddef>
#include <optional>

#include "av/encoder.h"
#include "av/scaler.h"
#include "pipeline/bounded_queue.h"
#include "pipeline/outbox.h"
#include "pipeline/pending_units.h"
#include "pipeline/types.h"

namespace millrace {

class Rung {
 public:
  // Pictures that wait for the encoder.
  static constexpr size_t kQueueCapacity = 8;

  Rung(size_t index, const PipelineOptions& options, Outbox& outbox);

  // From the decoder's thread. Waits while the queue is full, which is no longer than one picture takes to
  // encode: a burst waits in front of the decoder, as bytes, and what is late by then is skipped here.
  // Keyframes never are, so that all rungs stay aligned.
  void Offer(Picture picture);
  void Finish() { queue_.Finish(); }
  void Abort() { queue_.Abort(); }

  // Body of the rung's own thread: returns once the queue has ended. Throws when the encoder fails.
  void Run();

  // From any thread.
  RungStats stats() const;

 private:
  bool IsTooLate(const UnitInfo& info) const;
  void Encode(const Picture& picture);
  void Deliver();

  // Fixed.
  const size_t index_;
  const av::EncoderOptions encoder_options_;
  const Clock::duration max_lag_;
  Outbox& outbox_;

  // Shared between the threads.
  BoundedQueue<Picture> queue_{kQueueCapacity};
  std::atomic<uint64_t> frames_in_ = 0;
  std::atomic<uint64_t> frames_out_ = 0;
  std::atomic<uint64_t> frames_dropped_ = 0;
  std::atomic<uint64_t> bytes_out_ = 0;
  std::atomic<double> lag_ms_ = 0;

  // Of the rung's own thread. The encoder is opened for the first picture, which tells the colours.
  av::Scaler scaler_;
  std::optional<av::Encoder> encoder_;
  PendingUnits pending_;
};

}  // namespace millrace
