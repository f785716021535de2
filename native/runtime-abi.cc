#include "runtime-abi.h"

#ifdef _WIN32
#include <windows.h>

#include <string>
#else
#include <dlfcn.h>
#endif

namespace lightbench::ort {

const void* const* table = nullptr;

namespace {

struct ApiBase {
  const void* (*GetApi)(uint32_t version);
  const char* (*GetVersionString)();
};

void* symbol(const char* path, const char* name) {
#ifdef _WIN32
  std::wstring wide(MultiByteToWideChar(CP_UTF8, 0, path, -1, nullptr, 0), L'\0');
  MultiByteToWideChar(CP_UTF8, 0, path, -1, wide.data(), int(wide.size()));
  const HMODULE library = LoadLibraryW(wide.c_str());
  return library ? reinterpret_cast<void*>(GetProcAddress(library, name)) : nullptr;
#else
  void* library = dlopen(path, RTLD_LAZY | RTLD_LOCAL);
  return library ? dlsym(library, name) : nullptr;
#endif
}

}  // namespace

bool load(const char* path) {
  if (table) return true;
  void* found = symbol(path, "OrtGetApiBase");
  if (!found) return false;
  const auto* base = reinterpret_cast<const ApiBase* (*)()>(found)();
  table = static_cast<const void* const*>(base->GetApi(API_VERSION));
  return table != nullptr;
}

}  // namespace lightbench::ort
