#pragma once
#include "runtime-abi.h"

namespace lightbench {

/** The domain of the operators below, as lowering writes it (main/graph/lowering/lowering.ts). */
constexpr const char* DOMAIN = "studio.lightbench";

/** All operators of this addon, made once. @return null, or what ONNX Runtime objects to */
ort::Status* operatorDomain(ort::CustomOpDomain** domain);

}  // namespace lightbench
