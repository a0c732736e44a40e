// SPDX-License-Identifier: Apache-2.0

// Installed set-user-ID root in an image: busybox gives up such rights by itself. With a user ID as
// argument it first becomes that user and executes itself again.
#include <unistd.h>

#include <stdio.h>
#include <stdlib.h>

int main(int argc, char** argv) {
  if (argc > 1) {
    if (setuid((uid_t)atoi(argv[1])) != 0) return 1;
    execl(argv[0], argv[0], (char*)NULL);
    return 1;
  }
  printf("effective %d real %d\n", (int)geteuid(), (int)getuid());
  return 0;
}
