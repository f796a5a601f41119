#include "CFileMark.h"

#include <errno.h>
#include <sys/types.h>
#include <sys/xattr.h>

// macOS has two more parameters, and needs no prefix.

int file_mark_set(const char *path, const char *name, const void *bytes, size_t count) {
#ifdef __APPLE__
    return setxattr(path, name, bytes, count, 0, 0) == 0 ? 0 : errno;
#else
    return setxattr(path, name, bytes, count, 0) == 0 ? 0 : errno;
#endif
}

long file_mark_get(const char *path, const char *name, void *bytes, size_t capacity) {
#ifdef __APPLE__
    return getxattr(path, name, bytes, capacity, 0, 0);
#else
    return getxattr(path, name, bytes, capacity);
#endif
}
