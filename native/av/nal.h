// NAL units in the two framings: Annex B start codes (ITU-T H.264 Annex B) and length prefixes (ISO/IEC
// 14496-15), and the decoder configuration records that go with the latter. Pure functions of bytes.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace millrace::av {

using ByteView = std::span<const uint8_t>;
using ByteVector = std::vector<uint8_t>;

// nal_unit_type, ITU-T H.264 table 7-1.
enum class NalType : uint8_t {
  kSlice = 1,
  kIdrSlice = 5,
  kSei = 6,
  kSps = 7,
  kPps = 8,
  kAccessUnitDelimiter = 9,
  kFiller = 12,
};

// Type of a non-empty NAL unit.
NalType TypeOf(ByteView nal);

// The units between start codes of 3 or 4 bytes, without trailing zeros; views into `stream`.
// Bytes before the first start code are skipped.
std::vector<ByteView> SplitAnnexB(ByteView stream);

// Whether `unit` is one or more non-empty NAL units, of H.264 or HEVC, whose big-endian length prefixes of
// `length_size` bytes (1, 2 or 4) add up to exactly its size.
bool HasSoundLengths(ByteView unit, size_t length_size);

// One encoded picture with 4-byte length prefixes. Left out: parameter sets (they are in the record),
// delimiters, filler, and the unregistered SEI in which an encoder advertises itself.
ByteVector ToAvcc(ByteView annex_b);

// AVCDecoderConfigurationRecord (ISO/IEC 14496-15 5.3.3.1) for 4-byte lengths and 8-bit 4:2:0, from an
// encoder's Annex B headers. Throws std::invalid_argument when the headers lack an SPS or a PPS.
ByteVector MakeAvcRecord(ByteView annex_b_headers);

// NAL length size stated by an AVCDecoderConfigurationRecord: 1, 2 or 4. Throws std::invalid_argument when it
// is not a record.
size_t AvcLengthSizeOf(ByteView avc_record);

// The same of an HEVCDecoderConfigurationRecord (ISO/IEC 14496-15 8.3.3.1).
size_t HevcLengthSizeOf(ByteView hevc_record);

}  // namespace millrace::av
