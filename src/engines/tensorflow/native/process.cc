// What TensorFlow's engine needs of its own process and Node.js does not offer: to keep what the library writes to the standard
// error, to give pages of its files back, and to have numbers too small for full precision count as zero. Compiled by `td engines install tensorflow`.
#include <fcntl.h>
#include <node_api.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <string>

#ifdef __linux__
#include <sys/mman.h>
#endif
#ifdef __x86_64__
#include <xmmintrin.h>
#endif

namespace {

int saved_stderr = -1;

std::string ReadString(napi_env env, napi_callback_info info) {
  size_t count = 1;
  napi_value argument;
  napi_get_cb_info(env, info, &count, &argument, nullptr, nullptr);
  size_t length = 0;
  if (count != 1 || napi_get_value_string_utf8(env, argument, nullptr, 0, &length) != napi_ok) return "";
  std::string text(length + 1, '\0');
  napi_get_value_string_utf8(env, argument, &text[0], length + 1, &length);
  text.resize(length);
  return text;
}

// redirectStderr(path): what is written to the standard error goes to this file, until restoreStderr().
napi_value RedirectStderr(napi_env env, napi_callback_info info) {
  const std::string path = ReadString(env, info);
  if (saved_stderr >= 0) return nullptr;
  const int file = open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC, 0600);
  if (file < 0) return nullptr;
  std::fflush(stderr);
  saved_stderr = dup(2);
  if (saved_stderr >= 0) dup2(file, 2);
  close(file);
  return nullptr;
}

napi_value RestoreStderr(napi_env, napi_callback_info) {
  if (saved_stderr < 0) return nullptr;
  std::fflush(stderr);
  dup2(saved_stderr, 2);
  close(saved_stderr);
  saved_stderr = -1;
  return nullptr;
}

// releasePages(part): gives back the pages of mapped files whose path has this part. They are read again when they are needed:
// only mappings that cannot be written to, and that nothing has changed, are touched. Elsewhere than on Linux nothing happens.
napi_value ReleasePages(napi_env env, napi_callback_info info) {
#ifdef __linux__
  const std::string part = ReadString(env, info);
  std::FILE* maps = part.empty() ? nullptr : std::fopen("/proc/self/smaps", "r");
  if (maps == nullptr) return nullptr;
  char* line = nullptr;
  size_t capacity = 0;
  unsigned long start = 0, end = 0;
  bool matches = false;
  while (getline(&line, &capacity, maps) > 0) {
    unsigned long from, to, dirty;
    char flags[8];
    if (std::sscanf(line, "%lx-%lx %7s", &from, &to, flags) == 3) {
      start = from;
      end = to;
      matches = flags[1] == '-' && std::string(line).find(part) != std::string::npos;
    } else if (std::sscanf(line, "Private_Dirty: %lu", &dirty) == 1 && matches && dirty == 0) {
      madvise(reinterpret_cast<void*>(start), end - start, MADV_DONTNEED);
    }
  }
  std::free(line);
  std::fclose(maps);
#endif
  return nullptr;
}

#ifdef __x86_64__
// flushDenormals(on): whether numbers too small for full precision count as zero on this thread, as they do on all of TensorFlow's own.
napi_value FlushDenormals(napi_env env, napi_callback_info info) {
  constexpr unsigned kDenormalsAreZero = 0x8040;
  size_t count = 1;
  napi_value argument;
  bool on = false;
  napi_get_cb_info(env, info, &count, &argument, nullptr, nullptr);
  napi_get_value_bool(env, argument, &on);
  _mm_setcsr(on ? _mm_getcsr() | kDenormalsAreZero : _mm_getcsr() & ~kDenormalsAreZero);
  return nullptr;
}
#endif

void Define(napi_env env, napi_value exports, const char* name, napi_callback function) {
  napi_value value;
  napi_create_function(env, name, NAPI_AUTO_LENGTH, function, nullptr, &value);
  napi_set_named_property(env, exports, name, value);
}

}  // namespace

NAPI_MODULE_INIT() {
  Define(env, exports, "redirectStderr", RedirectStderr);
  Define(env, exports, "restoreStderr", RestoreStderr);
  Define(env, exports, "releasePages", ReleasePages);
#ifdef __x86_64__
  Define(env, exports, "flushDenormals", FlushDenormals);
#endif
  return exports;
}
