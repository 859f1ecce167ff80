/*
 * memory: the C library's allocator as a `struct alloc`, for everything a load builds.
 *
 * What goes back through it has been wiped (alloc.h), so the text of secrets does not stay behind
 * in the heap.
 */
#ifndef BRAID_CONFIG_MEMORY_H
#define BRAID_CONFIG_MEMORY_H

#include "base/arena.h"

extern const struct alloc memory_libc;

/* A NUL-terminated copy, or NULL past the arena's limit. */
char *memory_text(struct arena *a, struct bytes text);

#endif
