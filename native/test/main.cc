#include <cstdio>
#include <exception>
#include <string_view>

#include "test.h"

using millrace::test::AllTests;

// Asked for by LeakSanitizer: libx265 does not free all that it allocates.
extern "C" __attribute__((visibility("default"))) const char* __lsan_default_suppressions() {
  return "leak:libx265";
}

int main(int argc, char** argv) {
  const std::string_view only = argc > 1 ? argv[1] : "";
  int run = 0;
  int failed = 0;
  for (const auto& test : AllTests()) {
    if (!only.empty() && test.name != only) continue;
    ++run;
    try {
      test.body();
      std::printf("ok      %s\n", test.name.c_str());
    } catch (const std::exception& error) {
      ++failed;
      std::printf("FAILED  %s\n        %s\n", test.name.c_str(), error.what());
    }
  }
  std::printf("%d passed, %d failed\n", run - failed, failed);
  return failed == 0 && run > 0 ? 0 : 1;
}
