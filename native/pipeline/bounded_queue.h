// The one kind of queue between threads.
#pragma once

#include <condition_variable>
#include <cstddef>
#include <deque>
#include <mutex>
#include <optional>
#include <utility>

namespace millrace {

// A first-in first-out queue of at most `capacity` items, for any number of threads. It ends in one of two
// ways: Finish lets what is queued come out first, Abort throws it away. After either, nothing more goes in.
template <typename T>
class BoundedQueue {
 public:
  explicit BoundedQueue(size_t capacity) : capacity_(capacity) {}

  // False, and the item is gone, when the queue is full or has ended.
  bool TryPush(T item) {
    {
      const std::lock_guard lock(mutex_);
      if (state_ != State::kOpen || items_.size() >= capacity_) return false;
      items_.push_back(std::move(item));
    }
    ready_.notify_one();
    return true;
  }

  // Waits for room. False, and the item is gone, when the queue has ended.
  bool Push(T item) {
    {
      std::unique_lock lock(mutex_);
      room_.wait(lock, [this] { return state_ != State::kOpen || items_.size() < capacity_; });
      if (state_ != State::kOpen) return false;
      items_.push_back(std::move(item));
    }
    ready_.notify_one();
    return true;
  }

  // Waits for an item; nothing when the queue has ended and, after Finish, is empty.
  std::optional<T> Pop() {
    std::optional<T> item;
    {
      std::unique_lock lock(mutex_);
      ready_.wait(lock, [this] { return state_ != State::kOpen || !items_.empty(); });
      if (items_.empty()) return item;
      item.emplace(std::move(items_.front()));
      items_.pop_front();
    }
    room_.notify_one();
    return item;
  }

  void Finish() { End(State::kFinished); }

  void Abort() { End(State::kAborted); }

  bool aborted() const {
    const std::lock_guard lock(mutex_);
    return state_ == State::kAborted;
  }

  size_t size() const {
    const std::lock_guard lock(mutex_);
    return items_.size();
  }

 private:
  enum class State { kOpen, kFinished, kAborted };

  void End(State state) {
    std::deque<T> discarded;
    {
      const std::lock_guard lock(mutex_);
      if (state_ == State::kAborted) return;
      state_ = state;
      if (state == State::kAborted) discarded.swap(items_);
    }
    ready_.notify_all();
    room_.notify_all();
  }

  const size_t capacity_;
  mutable std::mutex mutex_;
  std::condition_variable ready_;
  std::condition_variable room_;
  std::deque<T> items_;
  State state_ = State::kOpen;
};

}  // namespace millrace
