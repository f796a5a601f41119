#pragma once

#include <stddef.h>

/// Attaches `bytes` to a file under a name (an extended attribute, `user.` on Linux); 0, or the `errno` of file systems that
/// hold none.
int file_mark_set(const char *path, const char *name, const void *bytes, size_t count);

/// Reads what is attached under a name into `bytes`; the number of bytes, or -1 where there is nothing or it is longer than
/// `capacity`.
long file_mark_get(const char *path, const char *name, void *bytes, size_t capacity);
