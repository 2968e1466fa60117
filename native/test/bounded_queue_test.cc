#include "pipeline/bounded_queue.h"

#include <atomic>
#include <memory>
#include <thread>
#include <vector>

#include "test.h"

using millrace::BoundedQueue;

namespace {

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

TEST("queue: one who waits for room gets it when an item is taken") {
  BoundedQueue<int> queue(1);
  CHECK(queue.Push(1));
  bool pushed = false;
  std::thread pusher([&] { pushed = queue.Push(2); });
  CHECK_EQUAL(queue.Pop().value(), 1);
  CHECK_EQUAL(queue.Pop().value(), 2);
  pusher.join();
  CHECK(pushed);
}

TEST("queue: abort wakes one who waits for room and one who waits for an item") {
  BoundedQueue<int> full(1);
  BoundedQueue<int> empty(1);
  CHECK(full.Push(1));
  bool pushed = true;
  bool popped = true;
  std::thread pusher([&] { pushed = full.Push(2); });
  std::thread popper([&] { popped = empty.Pop().has_value(); });
  full.Abort();
  empty.Abort();
  pusher.join();
  popper.join();
  CHECK(!pushed);
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
