// The Node-API side: sessions of the ONNX Runtime that onnxruntime-node has loaded, with the operators of operators.cc, whose
// outputs are written where the caller wants them. Its twin is onnxruntime-node itself (main/runtime/session.ts chooses).
#include <node_api.h>

#include <cstring>
#include <memory>
#include <string>
#include <vector>

#include "huge-pages.h"
#include "kernels.h"
#include "operators.h"
#include "update.h"

namespace lightbench {
namespace {

using ort::call;
using ort::Slot;
using ort::Status;

/** Throws what ONNX Runtime says. @return whether there was nothing to throw */
bool passed(napi_env env, Status* status) {
  if (!status) return true;
  const auto* message = call<const char*>(Slot::GetErrorMessage, static_cast<const Status*>(status));
  napi_throw_error(env, nullptr, message);
  call<void>(Slot::ReleaseStatus, status);
  return false;
}

struct Session {
  ort::Session* session = nullptr;
  std::vector<std::string> inputs, outputs;
  ~Session() { release(); }
  void release() {
    if (session) call<void>(Slot::ReleaseSession, session);
    session = nullptr;
  }
};

struct Values {
  std::vector<ort::Value*> all;
  explicit Values(size_t count) : all(count, nullptr) {}
  ~Values() {
    for (ort::Value* value : all)
      if (value) call<void>(Slot::ReleaseValue, value);
  }
};

/**
 * The process's environment, shared with onnxruntime-node, and where its tensors lie. Made by the first thread that asks, and
 * kept as long as the process.
 */
struct Surroundings {
  ort::Env* environment = nullptr;
  ort::MemoryInfo* memory = nullptr;
  bool isWhole = false;
};

const Surroundings* surroundings(napi_env env) {
  static const Surroundings made = [] {
    Surroundings found;
    Status* problem = call(Slot::CreateEnv, 3, "lightbench", &found.environment);
    if (!problem) problem = call(Slot::CreateCpuMemoryInfo, 1, 0, &found.memory);
    found.isWhole = !problem;
    if (problem) call<void>(Slot::ReleaseStatus, problem);
    return found;
  }();
  if (made.isWhole) return &made;
  napi_throw_error(env, nullptr, "ONNX Runtime has no environment.");
  return nullptr;
}

std::string text(napi_env env, napi_value value) {
  size_t length = 0;
  napi_get_value_string_utf8(env, value, nullptr, 0, &length);
  std::string result(length, '\0');
  napi_get_value_string_utf8(env, value, result.data(), length + 1, &length);
  return result;
}

/** load(path of the ONNX Runtime library) → whether sessions can be made */
napi_value load(napi_env env, napi_callback_info info) {
  napi_value argument, result;
  size_t count = 1;
  napi_get_cb_info(env, info, &count, &argument, nullptr, nullptr);
  napi_get_boolean(env, ort::load(text(env, argument).c_str()), &result);
  return result;
}

/** choose(name of an instruction set) → whether the kernels use it now */
napi_value choose(napi_env env, napi_callback_info info) {
  napi_value argument, result;
  size_t count = 1;
  napi_get_cb_info(env, info, &count, &argument, nullptr, nullptr);
  napi_get_boolean(env, chooseKernels(text(env, argument).c_str()), &result);
  return result;
}

/** level() → name of the instruction set that the kernels use */
napi_value level(napi_env env, napi_callback_info) {
  napi_value result;
  napi_create_string_utf8(env, kernels().name, NAPI_AUTO_LENGTH, &result);
  return result;
}

bool names(napi_env env, const ort::Session* session, Slot counting, Slot naming, std::vector<std::string>& result) {
  ort::Allocator* allocator = nullptr;
  size_t count = 0;
  if (!passed(env, call(Slot::GetAllocatorWithDefaultOptions, &allocator))) return false;
  if (!passed(env, call(counting, session, &count))) return false;
  for (size_t index = 0; index < count; index++) {
    char* name = nullptr;
    if (!passed(env, call(naming, session, index, allocator, &name))) return false;
    result.emplace_back(name);
    passed(env, call(Slot::AllocatorFree, allocator, static_cast<void*>(name)));
  }
  return true;
}

napi_value listOf(napi_env env, const std::vector<std::string>& list) {
  napi_value result;
  napi_create_array_with_length(env, list.size(), &result);
  for (size_t index = 0; index < list.size(); index++) {
    napi_value name;
    napi_create_string_utf8(env, list[index].data(), list[index].size(), &name);
    napi_set_element(env, result, uint32_t(index), name);
  }
  return result;
}

/** create(model: Uint8Array, threads: number, entries: string[] (key, value, …)) → [session, input names, output names] */
napi_value create(napi_env env, napi_callback_info info) {
  napi_value arguments[3];
  size_t count = 3;
  napi_get_cb_info(env, info, &count, arguments, nullptr, nullptr);
  void* model = nullptr;
  size_t length = 0;
  napi_get_typedarray_info(env, arguments[0], nullptr, &length, &model, nullptr, nullptr);
  int32_t threads = 1;
  napi_get_value_int32(env, arguments[1], &threads);
  const Surroundings* around = surroundings(env);
  if (!around) return nullptr;
  ort::SessionOptions* options = nullptr;
  if (!passed(env, call(Slot::CreateSessionOptions, &options))) return nullptr;
  struct Release {
    ort::SessionOptions* options;
    ~Release() { call<void>(Slot::ReleaseSessionOptions, options); }
  } release{options};
  if (!passed(env, call(Slot::DisableMemPattern, options)) ||
      !passed(env, call(Slot::SetSessionLogSeverityLevel, options, 3)) ||
      !passed(env, call(Slot::SetSessionGraphOptimizationLevel, options, 99)) ||
      !passed(env, call(Slot::SetIntraOpNumThreads, options, int(threads))) ||
      !passed(env, call(Slot::SetInterOpNumThreads, options, 1)))
    return nullptr;
  uint32_t entries = 0;
  napi_get_array_length(env, arguments[2], &entries);
  for (uint32_t index = 0; index + 1 < entries; index += 2) {
    napi_value key, value;
    napi_get_element(env, arguments[2], index, &key);
    napi_get_element(env, arguments[2], index + 1, &value);
    if (!passed(env, call(Slot::AddSessionConfigEntry, options, text(env, key).c_str(), text(env, value).c_str())))
      return nullptr;
  }
  ort::CustomOpDomain* domain = nullptr;
  if (!passed(env, operatorDomain(&domain)) || !passed(env, call(Slot::AddCustomOpDomain, options, domain)))
    return nullptr;
  auto made = std::make_unique<Session>();
  const ort::Env* shared = around->environment;
  const ort::SessionOptions* chosen = options;
  const void* bytes = model;
  if (!passed(env, call(Slot::CreateSessionFromArray, shared, bytes, length, chosen, &made->session))) return nullptr;
  if (!names(env, made->session, Slot::SessionGetInputCount, Slot::SessionGetInputName, made->inputs) ||
      !names(env, made->session, Slot::SessionGetOutputCount, Slot::SessionGetOutputName, made->outputs))
    return nullptr;
  napi_value result, handle;
  napi_create_array_with_length(env, 3, &result);
  napi_set_element(env, result, 1, listOf(env, made->inputs));
  napi_set_element(env, result, 2, listOf(env, made->outputs));
  napi_create_external(
      env, made.release(), [](napi_env, void* data, void*) { delete static_cast<Session*>(data); }, nullptr, &handle);
  napi_set_element(env, result, 0, handle);
  return result;
}

Session* sessionOf(napi_env env, napi_value handle) {
  void* data = nullptr;
  if (napi_get_value_external(env, handle, &data) == napi_ok && static_cast<Session*>(data)->session)
    return static_cast<Session*>(data);
  napi_throw_error(env, nullptr, "The session was disposed of.");
  return nullptr;
}

/** Bytes of an element. */
size_t widthOf(int type) {
  switch (ort::ElementType(type)) {
    case ort::ElementType::Uint8:
    case ort::ElementType::Int8:
    case ort::ElementType::Bool:
      return 1;
    case ort::ElementType::Float16:
      return 2;
    case ort::ElementType::Int64:
    case ort::ElementType::Double:
      return 8;
    default:
      return 4;
  }
}

std::vector<int64_t> sizesOf(napi_env env, napi_value list) {
  uint32_t rank = 0;
  napi_get_array_length(env, list, &rank);
  std::vector<int64_t> sizes(rank);
  for (uint32_t axis = 0; axis < rank; axis++) {
    napi_value size;
    napi_get_element(env, list, axis, &size);
    napi_get_value_int64(env, size, &sizes[axis]);
  }
  return sizes;
}

/** A tensor of text, which is copied. @return null with an exception pending */
ort::Value* wrapTexts(napi_env env, napi_value list, const std::vector<int64_t>& sizes) {
  uint32_t count = 0;
  napi_get_array_length(env, list, &count);
  std::vector<std::string> texts(count);
  std::vector<const char*> starts(count);
  for (uint32_t index = 0; index < count; index++) {
    napi_value element;
    napi_get_element(env, list, index, &element);
    texts[index] = text(env, element);
    starts[index] = texts[index].c_str();
  }
  ort::Allocator* allocator = nullptr;
  ort::Value* value = nullptr;
  if (!passed(env, call(Slot::GetAllocatorWithDefaultOptions, &allocator)) ||
      !passed(env, call(Slot::CreateTensorAsOrtValue, allocator, sizes.data(), sizes.size(),
                        int(ort::ElementType::Text), &value)))
    return nullptr;
  if (passed(env, call(Slot::FillStringTensor, value, static_cast<const char* const*>(starts.data()), size_t(count))))
    return value;
  call<void>(Slot::ReleaseValue, value);
  return nullptr;
}

/**
 * Wraps the numbers of [element type, typed array, sizes] without copying; texts come in an array.
 * @return null with an exception pending
 */
ort::Value* wrap(napi_env env, napi_value tensor) {
  napi_value parts[3];
  for (uint32_t index = 0; index < 3; index++) napi_get_element(env, tensor, index, &parts[index]);
  int32_t type = 0;
  napi_get_value_int32(env, parts[0], &type);
  const std::vector<int64_t> sizes = sizesOf(env, parts[2]);
  if (ort::ElementType(type) == ort::ElementType::Text) return wrapTexts(env, parts[1], sizes);
  void* data = nullptr;
  napi_typedarray_type kind;
  size_t length = 0;
  if (napi_get_typedarray_info(env, parts[1], &kind, &length, &data, nullptr, nullptr) != napi_ok) {
    napi_throw_error(env, nullptr, "A tensor has no numbers.");
    return nullptr;
  }
  const Surroundings* around = surroundings(env);
  ort::Value* value = nullptr;
  static float nothing;
  if (!around) return nullptr;
  const ort::MemoryInfo* memory = around->memory;
  passed(env, call(Slot::CreateTensorWithDataAsOrtValue, memory, data ? data : static_cast<void*>(&nothing),
                   length * widthOf(type), sizes.data(), sizes.size(), int(type), &value));
  return value;
}

/** [element type, ArrayBuffer, sizes] with a copy of the numbers. */
napi_value unwrap(napi_env env, ort::Value* value) {
  ort::TypeAndShape* info = nullptr;
  if (!passed(env, call(Slot::GetTensorTypeAndShape, static_cast<const ort::Value*>(value), &info))) return nullptr;
  const ort::TypeAndShape* read = info;
  size_t rank = 0, count = 0;
  int type = 0;
  std::vector<int64_t> sizes;
  bool ok = passed(env, call(Slot::GetDimensionsCount, read, &rank));
  if (ok) sizes.resize(rank);
  ok = ok && passed(env, call(Slot::GetDimensions, read, sizes.data(), rank)) &&
       passed(env, call(Slot::GetTensorShapeElementCount, read, &count)) &&
       passed(env, call(Slot::GetTensorElementType, read, &type));
  call<void>(Slot::ReleaseTypeAndShape, info);
  void* data = nullptr;
  if (!ok || !passed(env, call(Slot::GetTensorMutableData, value, &data))) return nullptr;
  const size_t bytes = count * widthOf(type);
  napi_value result, code, buffer, list;
  void* copy = nullptr;
  napi_create_arraybuffer(env, bytes, &copy, &buffer);
  if (count > 0) std::memcpy(copy, data, bytes);
  napi_create_int32(env, type, &code);
  napi_create_array_with_length(env, rank, &list);
  for (size_t axis = 0; axis < rank; axis++) {
    napi_value size;
    napi_create_int64(env, sizes[axis], &size);
    napi_set_element(env, list, uint32_t(axis), size);
  }
  napi_create_array_with_length(env, 3, &result);
  napi_set_element(env, result, 0, code);
  napi_set_element(env, result, 1, buffer);
  napi_set_element(env, result, 2, list);
  return result;
}

/**
 * run(session, inputs, outputs) → outputs that were given no place. Inputs and outputs are in the session's order, each [element
 * type, typed array, sizes], or null for an output that is to be copied into a new buffer.
 */
napi_value run(napi_env env, napi_callback_info info) {
  napi_value arguments[3];
  size_t count = 3;
  napi_get_cb_info(env, info, &count, arguments, nullptr, nullptr);
  Session* session = sessionOf(env, arguments[0]);
  if (!session) return nullptr;
  const size_t inputCount = session->inputs.size(), outputCount = session->outputs.size();
  Values inputs(inputCount), outputs(outputCount);
  std::vector<const char*> inputNames, outputNames;
  for (size_t index = 0; index < inputCount; index++) {
    napi_value tensor;
    napi_get_element(env, arguments[1], uint32_t(index), &tensor);
    inputs.all[index] = wrap(env, tensor);
    if (!inputs.all[index]) return nullptr;
    inputNames.push_back(session->inputs[index].c_str());
  }
  std::vector<bool> given(outputCount);
  for (size_t index = 0; index < outputCount; index++) {
    napi_value tensor;
    napi_valuetype type;
    napi_get_element(env, arguments[2], uint32_t(index), &tensor);
    napi_typeof(env, tensor, &type);
    given[index] = type == napi_object;
    if (given[index]) outputs.all[index] = wrap(env, tensor);
    if (given[index] && !outputs.all[index]) return nullptr;
    outputNames.push_back(session->outputs[index].c_str());
  }
  const void* const noOptions = nullptr;
  if (!passed(env, call(Slot::Run, session->session, noOptions, static_cast<const char* const*>(inputNames.data()),
                        static_cast<ort::Value* const*>(inputs.all.data()), inputCount,
                        static_cast<const char* const*>(outputNames.data()), outputCount, outputs.all.data())))
    return nullptr;
  napi_value result;
  napi_create_array_with_length(env, outputCount, &result);
  for (size_t index = 0; index < outputCount; index++) {
    if (given[index]) continue;
    napi_value copy = unwrap(env, outputs.all[index]);
    if (!copy) return nullptr;
    napi_set_element(env, result, uint32_t(index), copy);
  }
  return result;
}

/** dispose(session): at once, not when garbage is collected */
napi_value dispose(napi_env env, napi_callback_info info) {
  napi_value argument;
  size_t count = 1;
  napi_get_cb_info(env, info, &count, &argument, nullptr, nullptr);
  void* data = nullptr;
  if (napi_get_value_external(env, argument, &data) == napi_ok) static_cast<Session*>(data)->release();
  return nullptr;
}

/** gatherPages() → bytes that lie in large pages now */
napi_value gather(napi_env env, napi_callback_info) {
  napi_value result;
  napi_create_double(env, double(gatherPages()), &result);
  return result;
}

/**
 * update(memory, phase, places: Float64Array, numbers: Float32Array, parts, beta1, beta2) → sum of squares of the gradient.
 * Places per parameter: how many numbers, then at which bytes of the memory p, M, V, their successors, and the gradient of
 * each part of the batch begin. Numbers: see UpdateTask in main/workers/training/update-task.ts.
 */
napi_value applyUpdate(napi_env env, napi_callback_info info) {
  napi_value arguments[7], result;
  size_t count = 7;
  napi_get_cb_info(env, info, &count, arguments, nullptr, nullptr);
  void *memory = nullptr, *placesData = nullptr, *numbersData = nullptr;
  size_t placesCount = 0;
  int32_t phase = 0, parts = 0;
  double betas[2] = {};
  napi_get_typedarray_info(env, arguments[0], nullptr, nullptr, &memory, nullptr, nullptr);
  napi_get_value_int32(env, arguments[1], &phase);
  napi_get_typedarray_info(env, arguments[2], nullptr, &placesCount, &placesData, nullptr, nullptr);
  napi_get_typedarray_info(env, arguments[3], nullptr, nullptr, &numbersData, nullptr, nullptr);
  napi_get_value_int32(env, arguments[4], &parts);
  napi_get_value_double(env, arguments[5], &betas[0]);
  napi_get_value_double(env, arguments[6], &betas[1]);
  const auto* places = static_cast<const double*>(placesData);
  const auto* numbers = static_cast<const float*>(numbersData);
  const auto at = [&](double place) { return reinterpret_cast<float*>(static_cast<char*>(memory) + size_t(place)); };
  const float* own = numbers + 1 + parts;
  std::vector<float*> gradients(static_cast<size_t>(parts));
  double squares = 0;
  for (const double* end = places + placesCount; places < end; places += 7 + parts, own += 3) {
    for (int32_t part = 0; part < parts; part++) gradients[size_t(part)] = at(places[7 + part]);
    const UpdateStretch stretch{size_t(places[0]),
                                {at(places[1]), at(places[2]), at(places[3])},
                                {at(places[4]), at(places[5]), at(places[6])},
                                gradients.data()};
    squares += update(UpdatePhase(phase), stretch, numbers + 1, size_t(parts), numbers[0],
                      {float(betas[0]), float(betas[1]), own[0], own[1], own[2]});
  }
  napi_create_double(env, squares, &result);
  return result;
}

napi_value initialize(napi_env env, napi_value exports) {
  const std::pair<const char*, napi_callback> functions[] = {
      {"load", load}, {"level", level}, {"choose", choose}, {"create", create}, {"run", run}, {"dispose", dispose},
      {"gatherPages", gather}, {"update", applyUpdate}};
  for (const auto& [name, function] : functions) {
    napi_value made;
    napi_create_function(env, name, NAPI_AUTO_LENGTH, function, nullptr, &made);
    napi_set_named_property(env, exports, name, made);
  }
  return exports;
}

}  // namespace
}  // namespace lightbench

NAPI_MODULE_INIT() { return lightbench::initialize(env, exports); }
