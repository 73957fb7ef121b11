#include <stddef.h>
#include <stdint.h>

// The way into libFuzzer from a program with a `main` of its own (llvm.org/docs/LibFuzzer.html, "Using libFuzzer as a library").
int LLVMFuzzerRunDriver(int *argc, char ***argv, int (*callback)(const uint8_t *data, size_t size));
