#include "transcoder_wrap.h"

#include <chrono>
#include <cmath>
#include <exception>
#include <string>
#include <utility>
#include <variant>

namespace millrace {
namespace {

// From this size on, handing the memory over costs less than copying it.
constexpr size_t kExternalBufferBytes = 60'000;
// No access unit of a live stream comes near this; a larger one is refused.
constexpr size_t kMaxUnitBytes = size_t{16} << 20;

constexpr int kMaxRungs = 16;
constexpr int kMinSide = 2;
constexpr int kMaxSide = 8192;
constexpr int64_t kMinBitrate = 1'000;
constexpr int64_t kMaxBitrate = 1'000'000'000;
constexpr int64_t kMaxLagMs = 3'600'000;
constexpr int kMaxRateTerm = 1'000'000'000;
// Far more than a century, and exact in a double.
constexpr int64_t kMaxTicks = int64_t{1} << 50;

[[noreturn]] void Refuse(Napi::Env env, const std::string& message) {
  throw Napi::TypeError::New(env, message);
}

int64_t Integer(Napi::Value value, const char* name, int64_t min, int64_t max) {
  const double number = value.IsNumber() ? value.As<Napi::Number>().DoubleValue() : std::nan("");
  if (!(number >= static_cast<double>(min) && number <= static_cast<double>(max)) ||
      number != std::floor(number)) {
    Refuse(value.Env(), std::string(name) + " must be an integer from " + std::to_string(min) + " to " +
                            std::to_string(max));
  }
  return static_cast<int64_t>(number);
}

int Side(Napi::Value value, const char* name) {
  const auto side = static_cast<int>(Integer(value, name, kMinSide, kMaxSide));
  if (side % 2 != 0) Refuse(value.Env(), std::string(name) + " must be even");
  return side;
}

Napi::Object Object(Napi::Value value, const char* name) {
  if (!value.IsObject()) Refuse(value.Env(), std::string(name) + " must be an object");
  return value.As<Napi::Object>();
}

std::span<const uint8_t> ByteArray(Napi::Value value, const char* name) {
  if (!value.IsTypedArray() || value.As<Napi::TypedArray>().TypedArrayType() != napi_uint8_array) {
    Refuse(value.Env(), std::string(name) + " must be a Uint8Array");
  }
  const auto array = value.As<Napi::Uint8Array>();
  return {array.Data(), array.ByteLength()};
}

av::VideoCodec Codec(Napi::Value value, const char* name) {
  const std::string codec = value.IsString() ? value.As<Napi::String>().Utf8Value() : "";
  if (codec == "avc") return av::VideoCodec::kAvc;
  if (codec == "hevc") return av::VideoCodec::kHevc;
  if (codec == "av1") return av::VideoCodec::kAv1;
  if (codec == "vp9") return av::VideoCodec::kVp9;
  Refuse(value.Env(), std::string(name) + " must be avc, hevc, av1 or vp9");
}

PipelineOptions ParseOptions(Napi::Value value) {
  const Napi::Object options = Object(value, "options");
  const auto record = ByteArray(options.Get("record"), "options.record");
  const Napi::Object rate = Object(options.Get("frameRate"), "options.frameRate");
  const Napi::Value preset = options.Get("preset");
  if (!preset.IsString()) Refuse(value.Env(), "options.preset must be a string");
  const Napi::Value list = options.Get("rungs");
  if (!list.IsArray()) Refuse(value.Env(), "options.rungs must be an array");
  const auto rungs = list.As<Napi::Array>();
  if (rungs.Length() < 1 || rungs.Length() > kMaxRungs) {
    Refuse(value.Env(), "options.rungs must have 1 to " + std::to_string(kMaxRungs) + " entries");
  }

  PipelineOptions parsed;
  parsed.source_codec = Codec(options.Get("codec"), "options.codec");
  parsed.source_record.assign(record.begin(), record.end());
  parsed.frame_rate = {static_cast<int>(Integer(rate.Get("num"), "frameRate.num", 1, kMaxRateTerm)),
                       static_cast<int>(Integer(rate.Get("den"), "frameRate.den", 1, kMaxRateTerm))};
  parsed.preset = preset.As<Napi::String>().Utf8Value();
  parsed.max_lag = std::chrono::milliseconds(Integer(options.Get("maxLag"), "maxLag", 1, kMaxLagMs));
  for (uint32_t i = 0; i < rungs.Length(); ++i) {
    const Napi::Object rung = Object(rungs.Get(i), "a rung");
    parsed.rungs.push_back({
        .width = Side(rung.Get("width"), "rung.width"),
        .height = Side(rung.Get("height"), "rung.height"),
        .bitrate = Integer(rung.Get("videoBitrate"), "rung.videoBitrate", kMinBitrate, kMaxBitrate),
    });
  }
  return parsed;
}

// Small data is copied; so is empty data, because Node detaches an external buffer of no bytes.
Napi::Value ToBuffer(Napi::Env env, std::vector<uint8_t> data) {
  if (data.size() < kExternalBufferBytes) {
    return Napi::Buffer<uint8_t>::Copy(env, data.data(), data.size());
  }
  auto owned = std::make_unique<std::vector<uint8_t>>(std::move(data));
  std::vector<uint8_t>* const held = owned.release();
  return Napi::Buffer<uint8_t>::NewOrCopy(
      env, held->data(), held->size(),
      [](Napi::Env, uint8_t*, std::vector<uint8_t>* finished) { delete finished; }, held);
}

Napi::Object ToObject(Napi::Env env, UnitEvent unit) {
  Napi::Object object = Napi::Object::New(env);
  const auto pts = static_cast<double>(unit.info.pts);
  object.Set("dts", pts);
  object.Set("pts", pts);
  object.Set("duration", static_cast<double>(unit.info.duration));
  object.Set("keyframe", unit.info.keyframe);
  object.Set("data", ToBuffer(env, std::move(unit.data)));
  object.Set("arrival", unit.info.arrival);
  return object;
}

Napi::Object ToObject(Napi::Env env, const RungStats& stats) {
  Napi::Object object = Napi::Object::New(env);
  object.Set("framesIn", static_cast<double>(stats.frames_in));
  object.Set("framesOut", static_cast<double>(stats.frames_out));
  object.Set("framesDropped", static_cast<double>(stats.frames_dropped));
  object.Set("bytesOut", static_cast<double>(stats.bytes_out));
  object.Set("lagMs", stats.lag_ms);
  object.Set("queueLength", static_cast<double>(stats.queue_length));
  return object;
}

// Builds the events of one batch, the units of a rung between two other events gathered into one.
class Batch {
 public:
  Batch(Napi::Env env, size_t rungs) : env_(env), events_(Napi::Array::New(env)), units_(rungs) {}

  void operator()(TrackEvent event) {
    Napi::Object object = Begin("track", event.rung);
    object.Set("record", ToBuffer(env_, std::move(event.record)));
  }

  void operator()(UnitEvent event) {
    Napi::Array& units = units_[event.rung];
    if (units.IsEmpty()) {
      units = Napi::Array::New(env_);
      Begin("units", event.rung).Set("units", units);
    }
    units.Set(units.Length(), ToObject(env_, std::move(event)));
  }

  void operator()(ErrorEvent event) { Begin("error").Set("message", event.message); }

  void operator()(EndEvent) { Begin("end"); }

  Napi::Array events() const { return events_; }

 private:
  Napi::Object Begin(const char* type) {
    Napi::Object object = Napi::Object::New(env_);
    object.Set("type", type);
    events_.Set(events_.Length(), object);
    return object;
  }

  Napi::Object Begin(const char* type, size_t rung) {
    Napi::Object object = Begin(type);
    object.Set("rung", static_cast<double>(rung));
    return object;
  }

  Napi::Env env_;
  Napi::Array events_;
  // Of each rung; empty until it has a unit in this batch.
  std::vector<Napi::Array> units_;
};

}  // namespace

void Waker::Wake() {
  const std::lock_guard lock(mutex_);
  if (closed_) return;
  // Anything but success means that Node is tearing the function down: it may not be touched again.
  if (napi_call_threadsafe_function(function_, nullptr, napi_tsfn_nonblocking) != napi_ok) closed_ = true;
}

void Waker::Close() {
  const std::lock_guard lock(mutex_);
  if (!closed_) napi_release_threadsafe_function(function_, napi_tsfn_abort);
  closed_ = true;
}

void Waker::KeepProcessAlive(napi_env env) {
  const std::lock_guard lock(mutex_);
  if (!closed_) napi_ref_threadsafe_function(env, function_);
}

Napi::Function TranscoderWrap::Define(Napi::Env env) {
  return DefineClass(env, "NativeTranscoder",
                     {
                         InstanceMethod<&TranscoderWrap::Push>("push"),
                         InstanceMethod<&TranscoderWrap::Finish>("finish"),
                         InstanceMethod<&TranscoderWrap::CloseFromScript>("close"),
                         InstanceMethod<&TranscoderWrap::Stats>("stats"),
                     });
}

TranscoderWrap::TranscoderWrap(const Napi::CallbackInfo& info)
    : Napi::ObjectWrap<TranscoderWrap>(info), environment_(*info.Env().GetInstanceData<Environment>()) {
  const PipelineOptions options = ParseOptions(info[0]);
  if (!info[1].IsFunction()) Refuse(info.Env(), "deliver must be a function");
  if (!environment_.reaper) throw Napi::Error::New(info.Env(), "the environment is ending");

  rung_count_ = options.rungs.size();
  waker_ = MakeWaker(info);
  try {
    pipeline_ = std::make_unique<Pipeline>(options, [waker = waker_] { waker->Wake(); });
  } catch (const std::exception& error) {
    waker_->Close();
    throw Napi::Error::New(info.Env(), error.what());
  }
  environment_.open.insert(this);
}

std::shared_ptr<Waker> TranscoderWrap::MakeWaker(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  std::unique_ptr<Anchor> anchor(new Anchor{this, Napi::Persistent(info.This().As<Napi::Object>())});
  napi_threadsafe_function function = nullptr;
  const napi_status status =
      napi_create_threadsafe_function(env, info[1], nullptr, Napi::String::New(env, "millrace.transcoder"), 0,
                                      1, anchor.get(), OnWakerGone, anchor.get(), OnWake, &function);
  if (status != napi_ok) throw Napi::Error::New(env, "Node has no room for another wake-up function");
  static_cast<void>(anchor.release());
  napi_unref_threadsafe_function(env, function);
  return std::make_shared<Waker>(function);
}

void TranscoderWrap::OnWakerGone(napi_env, void* anchor, void*) {
  delete static_cast<Anchor*>(anchor);
}

void TranscoderWrap::Close() {
  if (!pipeline_) return;
  last_stats_ = pipeline_->stats();
  environment_.open.erase(this);
  waker_->Close();
  environment_.reaper->Bury(std::move(pipeline_));
}

// An exception may not leave this function: Node would swallow it, or worse.
void TranscoderWrap::OnWake(napi_env env, napi_value deliver, void* anchor, void*) {
  // Without an environment Node is only emptying the function's queue.
  if (env == nullptr) return;
  try {
    static_cast<Anchor*>(anchor)->transcoder->Deliver(env, deliver);
  } catch (const std::exception&) {
    // Building the values failed, as it does when a worker is being terminated: nobody is left to tell.
  }
}

void TranscoderWrap::Deliver(Napi::Env env, napi_value deliver) {
  if (!pipeline_) return;
  std::vector<Event> events = pipeline_->TakeEvents();
  if (events.empty()) return;
  const bool ended = std::holds_alternative<EndEvent>(events.back());
  Batch batch(env, rung_count_);
  for (Event& event : events) std::visit(batch, std::move(event));
  if (ended) Close();

  const napi_value argument = batch.events();
  if (napi_call_function(env, env.Undefined(), deliver, 1, &argument, nullptr) == napi_ok) return;
  // What a listener throws is an uncaught exception, as it would be in any event handler.
  napi_value thrown = nullptr;
  if (napi_get_and_clear_last_exception(env, &thrown) == napi_ok) napi_fatal_exception(env, thrown);
}

Napi::Value TranscoderWrap::Push(const Napi::CallbackInfo& info) {
  const auto data = ByteArray(info[0], "data");
  SourceUnit unit;
  unit.info.pts = Integer(info[1], "pts", -kMaxTicks, kMaxTicks);
  const int64_t dts = Integer(info[2], "dts", -kMaxTicks, kMaxTicks);
  unit.info.duration = Integer(info[3], "duration", 0, kMaxTicks);
  unit.info.keyframe = info[4].ToBoolean();
  unit.info.arrival = info[5].ToNumber();
  if (data.size() > kMaxUnitBytes) Refuse(info.Env(), "data is longer than an access unit may be");
  if (!pipeline_) return Napi::Boolean::New(info.Env(), false);

  unit.packet = av::CopyToPacket(data);
  unit.packet->pts = unit.info.pts;
  unit.packet->dts = dts;
  return Napi::Boolean::New(info.Env(), pipeline_->Push(std::move(unit)));
}

Napi::Value TranscoderWrap::Finish(const Napi::CallbackInfo& info) {
  if (pipeline_) {
    // Somebody waits for the end.
    waker_->KeepProcessAlive(info.Env());
    pipeline_->Finish();
  }
  return info.Env().Undefined();
}

Napi::Value TranscoderWrap::CloseFromScript(const Napi::CallbackInfo& info) {
  Close();
  return info.Env().Undefined();
}

Napi::Value TranscoderWrap::Stats(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  const PipelineStats stats = pipeline_ ? pipeline_->stats() : last_stats_;
  Napi::Array rungs = Napi::Array::New(env, stats.rungs.size());
  for (uint32_t i = 0; i < stats.rungs.size(); ++i) rungs.Set(i, ToObject(env, stats.rungs[i]));
  Napi::Object object = Napi::Object::New(env);
  object.Set("unitsIn", static_cast<double>(stats.units_in));
  object.Set("unitsDropped", static_cast<double>(stats.units_dropped));
  object.Set("decodeErrors", static_cast<double>(stats.decode_errors));
  object.Set("rungs", rungs);
  return object;
}

}  // namespace millrace
