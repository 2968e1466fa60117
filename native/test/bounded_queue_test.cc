#include "pipeline/bounded_queue.h"

#include <atomic>
#include <memory>
#include <thread>
#include <vector>

#include "test.h"

using millrace::BoundedQueue;

namespace {

// Negative numbers play keyframes: they may not be dropped.
bool Droppable(int item) {
  return item >= 0;
}

std::vector<int> Drain(BoundedQueue<int>& queue) {
  queue.Finish();
  std::vector<int> items;
  while (const auto item = queue.Pop()) items.push_back(*item);
  return items;
}

}  // namespace

TEST("queue: items come out in the order they went in") {
  BoundedQueue<int> queue(4);
  for (int i = 1; i <= 4; ++i) CHECK(queue.TryPush(i));
  CHECK(Drain(queue) == std::vector({1, 2, 3, 4}));
}

TEST("queue: a full queue refuses an item") {
  BoundedQueue<int> queue(2);
  CHECK(queue.TryPush(1));
  CHECK(queue.TryPush(2));
  CHECK(!queue.TryPush(3));
  CHECK_EQUAL(queue.size(), 2u);
}

TEST("queue: a full queue makes room by dropping the oldest droppable item") {
  BoundedQueue<int> queue(3);
  for (const int item : {-1, 2, 3}) CHECK_EQUAL(queue.PushDropping(item, Droppable), 0u);
  CHECK_EQUAL(queue.PushDropping(4, Droppable), 1u);
  CHECK_EQUAL(queue.PushDropping(-5, Droppable), 1u);
  CHECK(Drain(queue) == std::vector({-1, 4, -5}));
}

TEST("queue: a droppable item gives way to a queue full of items that are not") {
  BoundedQueue<int> queue(2);
  for (const int item : {-1, -2}) CHECK_EQUAL(queue.PushDropping(item, Droppable), 0u);
  CHECK_EQUAL(queue.PushDropping(3, Droppable), 1u);
  CHECK(Drain(queue) == std::vector({-1, -2}));
}

TEST("queue: an item that may not be dropped waits for room") {
  BoundedQueue<int> queue(1);
  CHECK_EQUAL(queue.PushDropping(-1, Droppable), 0u);
  size_t dropped = 99;
  std::thread pusher([&] { dropped = queue.PushDropping(-2, Droppable); });
  CHECK_EQUAL(queue.Pop().value(), -1);
  CHECK_EQUAL(queue.Pop().value(), -2);
  pusher.join();
  CHECK_EQUAL(dropped, 0u);
}

TEST("queue: abort wakes one who waits for room and one who waits for an item") {
  BoundedQueue<int> full(1);
  BoundedQueue<int> empty(1);
  full.PushDropping(-1, Droppable);
  size_t dropped = 0;
  bool popped = true;
  std::thread pusher([&] { dropped = full.PushDropping(-2, Droppable); });
  std::thread popper([&] { popped = empty.Pop().has_value(); });
  full.Abort();
  empty.Abort();
  pusher.join();
  popper.join();
  CHECK_EQUAL(dropped, 1u);
  CHECK(!popped);
}

TEST("queue: abort frees what is queued at once") {
  const auto token = std::make_shared<int>(0);
  BoundedQueue<std::shared_ptr<int>> queue(2);
  CHECK(queue.TryPush(token));
  queue.Abort();
  CHECK_EQUAL(token.use_count(), 1);
  CHECK(queue.aborted());
  CHECK(!queue.TryPush(token));
}

TEST("queue: finish lets the rest out and takes nothing more") {
  BoundedQueue<int> queue(4);
  CHECK(queue.TryPush(1));
  queue.Finish();
  CHECK(!queue.TryPush(2));
  CHECK_EQUAL(queue.Pop().value(), 1);
  CHECK(!queue.Pop().has_value());
}

TEST("queue: abort after finish throws the rest away, finish after abort changes nothing") {
  BoundedQueue<int> queue(4);
  CHECK(queue.TryPush(1));
  queue.Finish();
  queue.Abort();
  queue.Finish();
  CHECK(queue.aborted());
  CHECK(!queue.Pop().has_value());
}

TEST("queue: between many threads nothing is lost or doubled") {
  constexpr int kPerThread = 2000;
  BoundedQueue<int> queue(8);
  std::atomic<long> sum = 0;
  std::atomic<int> pushed = 0;
  std::vector<std::thread> threads;
  for (int t = 0; t < 2; ++t) {
    threads.emplace_back([&] {
      while (const auto item = queue.Pop()) sum += *item;
    });
  }
  std::vector<std::thread> pushers;
  for (int t = 0; t < 2; ++t) {
    pushers.emplace_back([&] {
      for (int i = 1; i <= kPerThread; ++i) {
        while (!queue.TryPush(i)) std::this_thread::yield();
        ++pushed;
      }
    });
  }
  for (auto& thread : pushers) thread.join();
  queue.Finish();
  for (auto& thread : threads) thread.join();
  CHECK_EQUAL(pushed.load(), 2 * kPerThread);
  CHECK_EQUAL(sum.load(), 2L * kPerThread * (kPerThread + 1) / 2);
}
