// Waiting for the threads of stopped pipelines, off the event loop.
#pragma once

#include <condition_variable>
#include <memory>
#include <mutex>
#include <thread>
#include <vector>

#include "pipeline/pipeline.h"

namespace millrace {

// Destroys pipelines on a thread of its own, which exists only from the first one on.
class Reaper {
 public:
  Reaper() = default;
  // Waits for every pipeline handed over.
  ~Reaper();

  Reaper(const Reaper&) = delete;
  Reaper& operator=(const Reaper&) = delete;

  // Stops the pipeline at once; destroys it soon.
  void Bury(std::unique_ptr<Pipeline> pipeline);

 private:
  void StartThread();
  void Run();

  std::mutex mutex_;
  std::condition_variable wake_;
  std::vector<std::unique_ptr<Pipeline>> stopped_;
  bool closing_ = false;
  std::thread thread_;
};

}  // namespace millrace
