#include "av/nal.h"

#include <random>
#include <stdexcept>

#include "test.h"

using millrace::av::ByteVector;
using millrace::av::ByteView;
using namespace millrace::av;

namespace {

const ByteVector kSps = {0x67, 0x64, 0x00, 0x1e, 0xac};
const ByteVector kPps = {0x68, 0xee, 0x3c};

ByteVector Concat(std::initializer_list<ByteVector> pieces) {
  ByteVector all;
  for (const ByteVector& piece : pieces) all.insert(all.end(), piece.begin(), piece.end());
  return all;
}

const ByteVector kCode3 = {0, 0, 1};
const ByteVector kCode4 = {0, 0, 0, 1};

}  // namespace

TEST("nal: splits at start codes of 3 and of 4 bytes") {
  const ByteVector stream = Concat({kCode4, {0x65, 1, 2}, kCode3, {0x41, 3}, kCode4, {0x06, 4}});
  const auto units = SplitAnnexB(stream);
  CHECK_EQUAL(units.size(), 3u);
  CHECK(ByteVector(units[0].begin(), units[0].end()) == ByteVector({0x65, 1, 2}));
  CHECK(ByteVector(units[1].begin(), units[1].end()) == ByteVector({0x41, 3}));
  CHECK(ByteVector(units[2].begin(), units[2].end()) == ByteVector({0x06, 4}));
}

TEST("nal: drops trailing zeros, empty units and what comes before the first start code") {
  const ByteVector stream = Concat({{9, 9}, kCode3, kCode3, {0x65, 1, 0, 0, 0}, kCode3, {0, 0}});
  const auto units = SplitAnnexB(stream);
  CHECK_EQUAL(units.size(), 1u);
  CHECK_EQUAL(units[0].size(), 2u);
}

TEST("nal: a stream without a start code has no units") {
  CHECK(SplitAnnexB({}).empty());
  CHECK(SplitAnnexB(ByteVector{0, 0}).empty());
  CHECK(SplitAnnexB(ByteVector{1, 2, 3, 4}).empty());
}

TEST("nal: a picture keeps its slices and captions and nothing else") {
  const ByteVector caption = {0x06, 0x04, 0x01, 0xff, 0x80};
  const ByteVector banner = {0x06, 0x05, 0x01, 0xff, 0x80};
  const ByteVector slice = {0x65, 0x88, 0x84};
  const ByteVector stream = Concat({kCode4,
                                    {0x09, 0xf0},
                                    kCode4,
                                    kSps,
                                    kCode4,
                                    kPps,
                                    kCode3,
                                    banner,
                                    kCode3,
                                    caption,
                                    kCode3,
                                    slice,
                                    kCode3,
                                    {0x0c, 0xff, 0x80}});
  CHECK(ToAvcc(stream) == Concat({{0, 0, 0, 5}, caption, {0, 0, 0, 3}, slice}));
}

TEST("nal: well-formed units pass with lengths of 1, 2 and 4 bytes") {
  CHECK(HasSoundLengths(ByteVector{2, 0x65, 1}, 1));
  CHECK(HasSoundLengths(ByteVector{0, 2, 0x65, 1, 0, 1, 0x41}, 2));
  CHECK(HasSoundLengths(ByteVector{0, 0, 0, 1, 0x65}, 4));
}

TEST("nal: lengths that do not add up are refused") {
  CHECK(!HasSoundLengths({}, 4));
  CHECK(!HasSoundLengths(ByteVector{0, 0, 0}, 4));
  CHECK(!HasSoundLengths(ByteVector{0, 0, 0, 0}, 4));
  CHECK(!HasSoundLengths(ByteVector{0, 0, 0, 3, 0x65, 1}, 4));
  CHECK(!HasSoundLengths(ByteVector{0, 0, 0, 1, 0x65, 1}, 4));
  CHECK(!HasSoundLengths(ByteVector{0xff, 0xff, 0xff, 0xff, 0x65}, 4));
}

TEST("nal: random bytes never read past their end") {
  std::mt19937 random(1);
  for (int round = 0; round < 5000; ++round) {
    ByteVector bytes(random() % 40);
    // Small values, so that start codes and plausible lengths do occur.
    for (uint8_t& byte : bytes) byte = static_cast<uint8_t>(random() % 4);
    for (const size_t size : {1u, 2u, 4u}) HasSoundLengths(bytes, size);
    CHECK(ToAvcc(bytes).empty() || HasSoundLengths(ToAvcc(bytes), 4));
  }
}

TEST("nal: a record states profile, level, 4-byte lengths and both parameter sets") {
  const ByteVector record = MakeAvcRecord(Concat({kCode4, kSps, kCode4, kPps}));
  CHECK(record ==
        Concat({{1, 0x64, 0x00, 0x1e, 0xff, 0xe1, 0, 5}, kSps, {1, 0, 3}, kPps, {0xfd, 0xf8, 0xf8, 0}}));
  CHECK_EQUAL(AvcLengthSizeOf(record), 4u);
}

TEST("nal: a record of a profile below High has no chroma fields") {
  const ByteVector sps = {0x67, 0x42, 0xc0, 0x1e, 0xac};
  const ByteVector record = MakeAvcRecord(Concat({kCode4, sps, kCode4, kPps}));
  CHECK(record == Concat({{1, 0x42, 0xc0, 0x1e, 0xff, 0xe1, 0, 5}, sps, {1, 0, 3}, kPps}));
}

TEST("nal: headers without both parameter sets make no record") {
  CHECK_THROWS(MakeAvcRecord(Concat({kCode4, kSps})), std::invalid_argument);
  CHECK_THROWS(MakeAvcRecord(Concat({kCode4, kPps})), std::invalid_argument);
  CHECK_THROWS(MakeAvcRecord({}), std::invalid_argument);
}

TEST("nal: a record of HEVC states the length size") {
  ByteVector record(23, 0);
  record[0] = 1;
  for (const uint8_t size : {1, 2, 4}) {
    record[21] = static_cast<uint8_t>(0xf8 | (size - 1));
    CHECK_EQUAL(HevcLengthSizeOf(record), size_t{size});
  }
  record[21] = 0xfe;
  CHECK_THROWS(HevcLengthSizeOf(record), std::invalid_argument);
  CHECK_THROWS(HevcLengthSizeOf(ByteVector(22, 1)), std::invalid_argument);
  CHECK_THROWS(HevcLengthSizeOf(ByteVector(23, 2)), std::invalid_argument);
}

TEST("nal: what is no record is refused") {
  CHECK_THROWS(AvcLengthSizeOf({}), std::invalid_argument);
  CHECK_THROWS(AvcLengthSizeOf(ByteVector(7, 0)), std::invalid_argument);
  CHECK_THROWS(AvcLengthSizeOf(ByteVector({1, 0x64, 0, 0x1e, 0xfe, 0xe1, 0})), std::invalid_argument);
}
