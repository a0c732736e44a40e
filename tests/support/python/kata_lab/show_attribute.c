// SPDX-License-Identifier: Apache-2.0
// Prints an extended attribute of a file, for a guest without getfattr(1).
#include <sys/xattr.h>

#include <stdio.h>

int main(int argc, char** argv) {
  char value[256];
  if (argc != 3) return 2;
  const ssize_t length = getxattr(argv[1], argv[2], value, sizeof value);
  if (length < 0) {
    perror(argv[1]);
    return 1;
  }
  printf("%.*s\n", (int)length, value);
  return 0;
}
