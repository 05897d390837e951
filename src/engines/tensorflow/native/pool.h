// Threads that share the tasks of one call. TensorFlow's own are out of reach of kernels that are registered through its C interface.
#include <xmmintrin.h>

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <functional>
#include <memory>
#include <mutex>
#include <thread>
#include <vector>

class Pool {
 public:
  explicit Pool(int threads) : helpers_(threads - 1), shares_(threads) {
    for (int index = 1; index <= helpers_; index++) std::thread([this, index] { Serve(index); }).detach();
  }

  int threads() const { return helpers_ + 1; }

  // Does task(0) … task(count - 1), each once, and returns when all are done. A call that comes while another is under way works alone. A helper that
  // the system has not woken by the end is not waited for. Each thread begins with its own share of the tasks, the same of every call, since what it
  // wrote in the call before still lies in its cache; then it helps the others.
  void Run(int count, const std::function<void(int)>& task) {
    const int threads = helpers_ + 1;
    Run(count, [&](int thread) { return static_cast<int>(static_cast<long>(count) * thread / threads); }, task);
  }

  // The same, where thread i begins with tasks first(i) … first(i + 1) - 1; first(threads()) is `count`.
  template <typename First>
  void Run(int count, const First& first, const std::function<void(int)>& task) {
    std::unique_lock<std::mutex> turn(turn_, std::try_to_lock);
    if (!turn.owns_lock() || helpers_ == 0 || count < 2) {
      for (int index = 0; index < count; index++) task(index);
      return;
    }
    {
      std::lock_guard<std::mutex> lock(mutex_);
      task_ = &task;
      for (size_t index = 0; index < shares_.size(); index++) {
        shares_[index].next = first(static_cast<int>(index));
        shares_[index].end = first(static_cast<int>(index) + 1);
      }
      is_open_ = true;
      round_++;
    }
    begin_.notify_all();
    Work(0);
    {
      std::lock_guard<std::mutex> lock(mutex_);
      is_open_ = false;
    }
    SpinUntil([this] { return active_ == 0; });
    std::unique_lock<std::mutex> lock(mutex_);
    end_.wait(lock, [this] { return active_ == 0; });
  }

 private:
  struct alignas(64) Share {
    std::atomic<int> next{0};
    int end = 0;
  };

  void Work(size_t own) {
    for (size_t other = 0; other < shares_.size(); other++) {
      Share& share = shares_[(own + other) % shares_.size()];
      for (int index = share.next++; index < share.end; index = share.next++) (*task_)(index);
    }
  }

  void Serve(size_t own) {
    for (long seen = 0;;) {
      // The next call often comes at once, and a thread that sleeps is woken late.
      SpinUntil([&] { return round_ != seen; });
      {
        std::unique_lock<std::mutex> lock(mutex_);
        begin_.wait(lock, [&] { return round_ != seen; });
        seen = round_;
        if (!is_open_) continue;
        active_++;
      }
      Work(own);
      std::lock_guard<std::mutex> lock(mutex_);
      if (--active_ == 0) end_.notify_one();
    }
  }

  // Looks for a moment, without sleeping.
  template <typename Condition>
  static void SpinUntil(const Condition& holds) {
    const auto end = std::chrono::steady_clock::now() + std::chrono::microseconds(200);
    while (!holds() && std::chrono::steady_clock::now() < end)
      for (int pause = 0; pause < 4; pause++) _mm_pause();
  }

  const int helpers_;
  std::mutex turn_, mutex_;
  std::condition_variable begin_, end_;
  const std::function<void(int)>* task_ = nullptr;
  bool is_open_ = false;
  std::vector<Share> shares_;
  std::atomic<int> active_{0};
  std::atomic<long> round_{0};
};
