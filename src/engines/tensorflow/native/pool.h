// Threads that share the tasks of one call. TensorFlow's own are out of reach of kernels that are registered through its C interface.
#include <xmmintrin.h>

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <functional>
#include <memory>
#include <mutex>
#include <thread>

class Pool {
 public:
  explicit Pool(int threads) : helpers_(threads - 1) {
    for (int index = 0; index < helpers_; index++) std::thread([this] { Serve(); }).detach();
  }

  // Does task(0) … task(count - 1), each once, and returns when all are done. A call that comes while another is under way works alone. A helper that
  // the system has not woken by the end is not waited for.
  void Run(int count, const std::function<void(int)>& task) {
    std::unique_lock<std::mutex> turn(turn_, std::try_to_lock);
    if (!turn.owns_lock() || helpers_ == 0 || count < 2) {
      for (int index = 0; index < count; index++) task(index);
      return;
    }
    {
      std::lock_guard<std::mutex> lock(mutex_);
      task_ = &task;
      count_ = count;
      next_ = 0;
      is_open_ = true;
      round_++;
    }
    begin_.notify_all();
    Work();
    {
      std::lock_guard<std::mutex> lock(mutex_);
      is_open_ = false;
    }
    SpinUntil([this] { return active_ == 0; });
    std::unique_lock<std::mutex> lock(mutex_);
    end_.wait(lock, [this] { return active_ == 0; });
  }

 private:
  void Work() {
    for (int index = next_++; index < count_; index = next_++) (*task_)(index);
  }

  void Serve() {
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
      Work();
      std::lock_guard<std::mutex> lock(mutex_);
      if (--active_ == 0) end_.notify_one();
    }
  }

  // Looks for a moment, without sleeping.
  template <typename Condition>
  static void SpinUntil(const Condition& holds) {
    const auto end = std::chrono::steady_clock::now() + std::chrono::microseconds(200);
    while (!holds() && std::chrono::steady_clock::now() < end)
      for (int pause = 0; pause < 32; pause++) _mm_pause();
  }

  const int helpers_;
  std::mutex turn_, mutex_;
  std::condition_variable begin_, end_;
  const std::function<void(int)>* task_ = nullptr;
  int count_ = 0;
  bool is_open_ = false;
  std::atomic<int> next_{0}, active_{0};
  std::atomic<long> round_{0};
};
