// The allocator's statistics, mallinfo2(3), which the Glibc module of Swift leaves out.
#pragma once
#include <malloc.h>
