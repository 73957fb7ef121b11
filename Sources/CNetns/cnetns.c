#define _GNU_SOURCE
#include "cnetns.h"
#include <sched.h>
#include <sys/mman.h>

int bulkhead_setns_net(int fd) { return setns(fd, CLONE_NEWNET); }

int bulkhead_unshare_net(void) { return unshare(CLONE_NEWNET); }

int bulkhead_memory_file(const char *name) { return memfd_create(name, MFD_CLOEXEC); }
