// A test framework in a page: TEST registers, CHECK throws, main runs one test by name or all of them.
#pragma once

#include <functional>
#include <sstream>
#include <stdexcept>
#include <string>
#include <vector>

namespace millrace::test {

struct TestCase {
  std::string name;
  std::function<void()> body;
};

inline std::vector<TestCase>& AllTests() {
  static std::vector<TestCase> tests;
  return tests;
}

struct Registration {
  Registration(const char* name, void (*body)()) { AllTests().push_back({name, body}); }
};

[[noreturn]] inline void FailCheck(const char* file, int line, const std::string& what) {
  throw std::runtime_error(std::string(file) + ":" + std::to_string(line) + ": " + what);
}

template <typename A, typename B>
void CheckEqual(const A& actual, const B& expected, const char* text, const char* file, int line) {
  if (actual == expected) return;
  std::ostringstream message;
  message << text << " is " << actual << ", expected " << expected;
  FailCheck(file, line, message.str());
}

}  // namespace millrace::test

#define MILLRACE_JOIN_(a, b) a##b
#define MILLRACE_JOIN(a, b) MILLRACE_JOIN_(a, b)
#define TEST(name) MILLRACE_TEST(name, MILLRACE_JOIN(Test, __LINE__))
#define MILLRACE_TEST(name, id)                                                          \
  static void id();                                                                      \
  static const ::millrace::test::Registration MILLRACE_JOIN(id, Registration)(name, id); \
  static void id()

#define CHECK(condition)                                                           \
  do {                                                                             \
    if (!(condition)) ::millrace::test::FailCheck(__FILE__, __LINE__, #condition); \
  } while (false)
#define CHECK_EQUAL(actual, expected) \
  ::millrace::test::CheckEqual(actual, expected, #actual, __FILE__, __LINE__)
#define CHECK_THROWS(expression, Exception)                                                                \
  do {                                                                                                     \
    bool threw = false;                                                                                    \
    try {                                                                                                  \
      expression;                                                                                          \
    } catch (const Exception&) {                                                                           \
      threw = true;                                                                                        \
    }                                                                                                      \
    if (!threw) ::millrace::test::FailCheck(__FILE__, __LINE__, #expression " did not throw " #Exception); \
  } while (false)
