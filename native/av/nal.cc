#include "av/nal.h"

#include <stdexcept>

namespace millrace::av {
namespace {

constexpr uint8_t kNalTypeMask = 0x1f;
constexpr uint8_t kSeiUserDataUnregistered = 5;
constexpr size_t kOutputLengthSize = 4;
// Header of an AVCDecoderConfigurationRecord up to and including the number of SPS.
constexpr size_t kRecordHeader = 6;
// Of an HEVCDecoderConfigurationRecord: where the length size stands, and the header up to and including the
// number of arrays.
constexpr size_t kHevcLengthSizeAt = 21;
constexpr size_t kHevcRecordHeader = 23;

struct StartCode {
  size_t begin;
  size_t end;
};

// The next 00 00 01 at or after `from`; both fields are the stream's size when there is none.
StartCode FindStartCode(ByteView stream, size_t from) {
  for (size_t i = from; i + 2 < stream.size(); ++i) {
    if (stream[i] == 0 && stream[i + 1] == 0 && stream[i + 2] == 1) return {i, i + 3};
  }
  return {stream.size(), stream.size()};
}

bool BelongsInUnit(ByteView nal) {
  switch (TypeOf(nal)) {
    case NalType::kSps:
    case NalType::kPps:
    case NalType::kAccessUnitDelimiter:
    case NalType::kFiller:
      return false;
    case NalType::kSei:
      return nal.size() > 1 && nal[1] != kSeiUserDataUnregistered;
    default:
      return true;
  }
}

void AppendBigEndian(ByteVector& out, size_t value, size_t bytes) {
  for (size_t shift = bytes * 8; shift > 0; shift -= 8) {
    out.push_back(static_cast<uint8_t>(value >> (shift - 8)));
  }
}

// From the byte of a record whose two low bits are lengthSizeMinusOne.
size_t LengthSizeIn(uint8_t byte) {
  const size_t size = (byte & 3u) + 1;
  if (size == 3) throw std::invalid_argument("a decoder configuration record cannot have 3-byte NAL lengths");
  return size;
}

bool HasChromaFields(uint8_t profile_idc) {
  return profile_idc == 100 || profile_idc == 110 || profile_idc == 122 || profile_idc == 144;
}

}  // namespace

NalType TypeOf(ByteView nal) {
  return static_cast<NalType>(nal[0] & kNalTypeMask);
}

std::vector<ByteView> SplitAnnexB(ByteView stream) {
  std::vector<ByteView> units;
  StartCode code = FindStartCode(stream, 0);
  while (code.end < stream.size()) {
    const StartCode next = FindStartCode(stream, code.end);
    ByteView unit = stream.subspan(code.end, next.begin - code.end);
    // A NAL unit never ends in a zero byte: these belong to the next start code or are trailing_zero_8bits.
    while (!unit.empty() && unit.back() == 0) unit = unit.first(unit.size() - 1);
    if (!unit.empty()) units.push_back(unit);
    code = next;
  }
  return units;
}

bool HasSoundLengths(ByteView unit, size_t length_size) {
  if (unit.empty()) return false;
  while (!unit.empty()) {
    if (unit.size() < length_size) return false;
    size_t length = 0;
    for (size_t i = 0; i < length_size; ++i) length = length << 8 | unit[i];
    unit = unit.subspan(length_size);
    if (length == 0 || length > unit.size()) return false;
    unit = unit.subspan(length);
  }
  return true;
}

ByteVector ToAvcc(ByteView annex_b) {
  ByteVector out;
  out.reserve(annex_b.size() + kOutputLengthSize);
  for (const ByteView nal : SplitAnnexB(annex_b)) {
    if (!BelongsInUnit(nal)) continue;
    AppendBigEndian(out, nal.size(), kOutputLengthSize);
    out.insert(out.end(), nal.begin(), nal.end());
  }
  return out;
}

ByteVector MakeAvcRecord(ByteView annex_b_headers) {
  ByteView sps;
  ByteView pps;
  for (const ByteView nal : SplitAnnexB(annex_b_headers)) {
    if (TypeOf(nal) == NalType::kSps && sps.empty()) sps = nal;
    if (TypeOf(nal) == NalType::kPps && pps.empty()) pps = nal;
  }
  if (sps.size() < 4 || pps.empty()) throw std::invalid_argument("encoder headers lack an SPS or a PPS");

  const uint8_t profile_idc = sps[1];
  ByteVector record = {1, profile_idc, sps[2], sps[3], 0xfc | (kOutputLengthSize - 1), 0xe0 | 1};
  AppendBigEndian(record, sps.size(), 2);
  record.insert(record.end(), sps.begin(), sps.end());
  record.push_back(1);
  AppendBigEndian(record, pps.size(), 2);
  record.insert(record.end(), pps.begin(), pps.end());
  if (HasChromaFields(profile_idc)) {
    // Reserved bits set; chroma_format 1 (4:2:0), both bit depths 8, no SPS extension.
    record.insert(record.end(), {0xfc | 1, 0xf8, 0xf8, 0});
  }
  return record;
}

size_t AvcLengthSizeOf(ByteView avc_record) {
  if (avc_record.size() <= kRecordHeader || avc_record[0] != 1) {
    throw std::invalid_argument("not an AVCDecoderConfigurationRecord");
  }
  return LengthSizeIn(avc_record[4]);
}

size_t HevcLengthSizeOf(ByteView hevc_record) {
  // Version 0 was written before the format was final.
  if (hevc_record.size() < kHevcRecordHeader || hevc_record[0] > 1) {
    throw std::invalid_argument("not an HEVCDecoderConfigurationRecord");
  }
  return LengthSizeIn(hevc_record[kHevcLengthSizeAt]);
}

}  // namespace millrace::av
