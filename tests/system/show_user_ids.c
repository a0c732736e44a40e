// SPDX-License-Identifier: Apache-2.0

// Installed set-user-ID root in an image: busybox gives up such rights by itself.
#include <unistd.h>

#include <stdio.h>

int main(void) {
  printf("effective %d real %d\n", (int)geteuid(), (int)getuid());
  return 0;
}
