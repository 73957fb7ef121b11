#define _GNU_SOURCE
#include "cnetns.h"
#include <sched.h>

int bulkhead_setns_net(int fd) { return setns(fd, CLONE_NEWNET); }

int bulkhead_unshare_net(void) { return unshare(CLONE_NEWNET); }
