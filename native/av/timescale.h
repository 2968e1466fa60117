#pragma once

namespace millrace::av {

// Ticks per second of every time in a packet or a frame here.
inline constexpr int kTimescale = 90'000;

}  // namespace millrace::av
