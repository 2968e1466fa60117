#include "pipeline/pipeline.h"

#include <exception>
#include <string>
#include <utility>

#if defined(__linux__)
#include <pthread.h>
#endif

#include "av/log.h"

namespace millrace {
namespace {

// What the thread is called in `top -H` and in a debugger; at most 15 characters.
void NameThisThread([[maybe_unused]] const char* name) {
#if defined(__linux__)
  pthread_setname_np(pthread_self(), name);
#endif
}

std::vector<std::unique_ptr<Rung>> MakeRungs(const PipelineOptions& options, Outbox& outbox) {
  std::vector<std::unique_ptr<Rung>> rungs;
  rungs.reserve(options.rungs.size());
  for (size_t i = 0; i < options.rungs.size(); ++i) {
    rungs.push_back(std::make_unique<Rung>(i, options, outbox));
  }

  return rungs;
}

}  // namespace

Pipeline::Pipeline(const PipelineOptions& options, std::function<void()> notify)
    : outbox_(std::move(notify)),
      rungs_(MakeRungs(options, outbox_)),
      source_(options, rungs_),
      running_(rungs_.size() + 1) {
  av::CaptureLog();
  threads_.reserve(running_);
  try {
    for (const auto& rung : rungs_) {
      StartThread("millrace-encode", [&rung = *rung] { rung.Run(); });
    }
    StartThread("millrace-decode", [this] { source_.Run(); });
  } catch (...) {
    // The system is out of threads: those that run must be gone before the members are.
    Stop();
    for (std::thread& thread : threads_) thread.join();
    throw;
  }
}

Pipeline::~Pipeline() {
  Stop();
  for (std::thread& thread : threads_) thread.join();
}

void Pipeline::Stop() {
  outbox_.Close();
  AbortQueues();
}

void Pipeline::StartThread(const char* name, std::function<void()> body) {
  threads_.emplace_back([this, name, body = std::move(body)] {
    NameThisThread(name);
    try {
      body();
    } catch (const std::exception& error) {
      Fail(error.what());
    }
    if (--running_ == 0) outbox_.Put(EndEvent{});
  });
}

void Pipeline::Fail(std::string_view reason) {
  if (!failed_.exchange(true)) outbox_.Put(ErrorEvent{std::string(reason)});
  AbortQueues();
}

void Pipeline::AbortQueues() {
  source_.Abort();
  for (const auto& rung : rungs_) rung->Abort();
}

PipelineStats Pipeline::stats() const {
  PipelineStats stats = source_.stats();
  stats.rungs.reserve(rungs_.size());
  for (const auto& rung : rungs_) stats.rungs.push_back(rung->stats());
  return stats;
}

}  // namespace millrace
