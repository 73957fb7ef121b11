#ifndef BULKHEAD_CNETNS_H
#define BULKHEAD_CNETNS_H

/* Moves the calling thread into the network namespace that `fd` names (setns(2)); 0, or -1 with errno. */
int bulkhead_setns_net(int fd);

/* Gives the calling thread a network namespace of its own (unshare(2)); 0, or -1 with errno. */
int bulkhead_unshare_net(void);

/* Makes a close-on-exec file that exists in memory only (memfd_create(2)); its descriptor, or -1 with errno. */
int bulkhead_memory_file(const char *name);

#endif
