// What this addon uses of ONNX Runtime's C interface, by place in its table. The table only ever grows (its releases assert
// the places), so version 18 or newer will do; the library is the one that onnxruntime-node has loaded.
#pragma once
#include <cstddef>
#include <cstdint>

namespace lightbench::ort {

struct Env;
struct Status;
struct Session;
struct SessionOptions;
struct MemoryInfo;
struct Value;
struct TypeAndShape;
struct CustomOpDomain;
struct KernelInfo;
struct KernelContext;
struct Allocator;

constexpr uint32_t API_VERSION = 18;

enum class Slot : size_t {
  CreateStatus = 0,
  GetErrorMessage = 2,
  CreateEnv = 3,
  CreateSessionFromArray = 8,
  Run = 9,
  CreateSessionOptions = 10,
  DisableMemPattern = 17,
  SetSessionLogSeverityLevel = 22,
  SetSessionGraphOptimizationLevel = 23,
  SetIntraOpNumThreads = 24,
  SetInterOpNumThreads = 25,
  CreateCustomOpDomain = 26,
  CustomOpDomain_Add = 27,
  AddCustomOpDomain = 28,
  SessionGetInputCount = 30,
  SessionGetOutputCount = 31,
  SessionGetInputName = 36,
  SessionGetOutputName = 37,
  CreateTensorAsOrtValue = 48,
  CreateTensorWithDataAsOrtValue = 49,
  GetTensorMutableData = 51,
  FillStringTensor = 52,
  GetTensorElementType = 60,
  GetDimensionsCount = 61,
  GetDimensions = 62,
  GetTensorShapeElementCount = 64,
  GetTensorTypeAndShape = 65,
  CreateCpuMemoryInfo = 69,
  AllocatorFree = 76,
  GetAllocatorWithDefaultOptions = 78,
  KernelInfoGetAttributeFloat = 85,
  KernelInfoGetAttributeInt64 = 86,
  KernelContextGetInputCount = 88,
  KernelContextGetInput = 90,
  KernelContextGetOutput = 91,
  ReleaseStatus = 93,
  ReleaseSession = 95,
  ReleaseValue = 96,
  ReleaseTypeAndShape = 99,
  ReleaseSessionOptions = 100,
  AddSessionConfigEntry = 130,
  KernelContextParallelFor = 274,
};

enum class ElementType : int { Float = 1, Uint8 = 2, Int8 = 3, Int32 = 6, Int64 = 7, Text = 8, Bool = 9, Float16 = 10, Double = 11 };

/** ONNX Runtime's table of functions; null until `load`. */
extern const void* const* table;

/** @return whether the library at this path (UTF-8) is loaded and new enough */
bool load(const char* path);

template <typename Result = Status*, typename... Arguments>
inline Result call(Slot slot, Arguments... arguments) {
  using Function = Result (*)(Arguments...);
  return reinterpret_cast<Function>(const_cast<void*>(table[size_t(slot)]))(arguments...);
}

/** Extends in the order of ONNX Runtime's versions; `version` says how far it was filled. */
struct CustomOp {
  uint32_t version;
  void* (*CreateKernel)(const CustomOp*, const void* api, const KernelInfo*);
  const char* (*GetName)(const CustomOp*);
  const char* (*GetExecutionProviderType)(const CustomOp*);
  int (*GetInputType)(const CustomOp*, size_t);
  size_t (*GetInputTypeCount)(const CustomOp*);
  int (*GetOutputType)(const CustomOp*, size_t);
  size_t (*GetOutputTypeCount)(const CustomOp*);
  void (*KernelCompute)(void* kernel, KernelContext*);
  void (*KernelDestroy)(void* kernel);
  int (*GetInputCharacteristic)(const CustomOp*, size_t);
  int (*GetOutputCharacteristic)(const CustomOp*, size_t);
  int (*GetInputMemoryType)(const CustomOp*, size_t);
  int (*GetVariadicInputMinArity)(const CustomOp*);
  int (*GetVariadicInputHomogeneity)(const CustomOp*);
  int (*GetVariadicOutputMinArity)(const CustomOp*);
  int (*GetVariadicOutputHomogeneity)(const CustomOp*);
  Status* (*CreateKernelV2)(const CustomOp*, const void* api, const KernelInfo*, void** kernel);
  Status* (*KernelComputeV2)(void* kernel, KernelContext*);
  /** Null: shapes come with the graph (`values` in main/graph/onnx/model.ts). */
  Status* (*InferOutputShape)(const CustomOp*, void*);
  int (*GetStartVersion)(const CustomOp*);
  int (*GetEndVersion)(const CustomOp*);
  size_t (*GetMayInplace)(int** inputs, int** outputs);
  void (*ReleaseMayInplace)(int* inputs, int* outputs);
  size_t (*GetAliasMap)(int** inputs, int** outputs);
  void (*ReleaseAliasMap)(int* inputs, int* outputs);
};

}  // namespace lightbench::ort
