#include "pipeline/reaper.h"

#include <system_error>
#include <utility>

namespace millrace {

Reaper::~Reaper() {
  {
    const std::lock_guard lock(mutex_);
    closing_ = true;
  }
  wake_.notify_one();
  if (thread_.joinable()) thread_.join();
}

void Reaper::Bury(std::unique_ptr<Pipeline> pipeline) {
  pipeline->Stop();
  {
    const std::lock_guard lock(mutex_);
    stopped_.push_back(std::move(pipeline));
    StartThread();
  }
  wake_.notify_one();
}

void Reaper::StartThread() {
  if (thread_.joinable()) return;
  try {
    thread_ = std::thread([this] { Run(); });
  } catch (const std::system_error&) {
    // The system is out of threads just now. What is stopped waits for the next one, or for the destructor.
  }
}

void Reaper::Run() {
  std::unique_lock lock(mutex_);
  while (true) {
    wake_.wait(lock, [this] { return closing_ || !stopped_.empty(); });
    if (stopped_.empty()) return;
    std::vector<std::unique_ptr<Pipeline>> dying;
    dying.swap(stopped_);
    lock.unlock();
    dying.clear();
    lock.lock();
  }
}

}  // namespace millrace
