// Threads that share the tasks of one call. TensorFlow's own are out of reach of kernels that are registered through its C interface.
#include <atomic>
#include <condition_variable>
#include <functional>
#include <memory>
#include <mutex>
#include <thread>

class Pool {
 public:
  explicit Pool(int threads) {
    for (int index = 1; index < threads; index++) std::thread([this] { Serve(); }).detach();
    helpers_ = threads - 1;
  }

  // Does task(0) … task(count - 1), each once, and returns when all are done. A call that comes while another is under way works alone.
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
      busy_ = helpers_;
      round_++;
    }
    begin_.notify_all();
    Work();
    std::unique_lock<std::mutex> lock(mutex_);
    end_.wait(lock, [this] { return busy_ == 0; });
  }

 private:
  void Work() {
    for (int index = next_++; index < count_; index = next_++) (*task_)(index);
  }

  void Serve() {
    for (long seen = 0;;) {
      {
        std::unique_lock<std::mutex> lock(mutex_);
        begin_.wait(lock, [&] { return round_ != seen; });
        seen = round_;
      }
      Work();
      std::lock_guard<std::mutex> lock(mutex_);
      if (--busy_ == 0) end_.notify_one();
    }
  }

  int helpers_ = 0;
  std::mutex turn_, mutex_;
  std::condition_variable begin_, end_;
  const std::function<void(int)>* task_ = nullptr;
  int count_ = 0, busy_ = 0;
  long round_ = 0;
  std::atomic<int> next_{0};
};
