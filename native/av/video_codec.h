// Codings of pictures that can be decoded.
#pragma once

namespace millrace::av {

enum class VideoCodec { kAvc, kHevc, kAv1, kVp9 };

}  // namespace millrace::av
