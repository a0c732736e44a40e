// SPDX-License-Identifier: Apache-2.0
// Stands in for nydus-overlayctl: writes down all that the mount helper gave it. Its report goes to
// standard output as lines of KIND VALUE; the request itself comes last.
#define _GNU_SOURCE
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void show_descriptors(void) {
  DIR* directory = opendir("/proc/self/fd");
  struct dirent* entry;
  while ((entry = readdir(directory)) != NULL) {
    char link[4096];
    int fd = atoi(entry->d_name);
    ssize_t length = readlinkat(dirfd(directory), entry->d_name, link, sizeof link - 1);
    if (length < 0 || fd == dirfd(directory)) continue;
    link[length] = '\0';
    printf("fd %d %s\n", fd, link);
  }
  closedir(directory);
}

static void show_request(int fd) {
  char chunk[65536];
  ssize_t got;
  printf("seals %d\n", fcntl(fd, F_GET_SEALS));
  printf("offset %ld\n", (long)lseek(fd, 0, SEEK_CUR));
  printf("write %d\n", write(fd, "x", 1) < 0 ? errno : 0);
  printf("request ");
  while ((got = read(fd, chunk, sizeof chunk)) > 0) fwrite(chunk, 1, (size_t)got, stdout);
}

int main(int argc, char** argv, char** environment) {
  const char prefix[] = "--request-fd=";
  for (int i = 0; i < argc; ++i) printf("argument %s\n", argv[i]);
  for (char** word = environment; *word != NULL; ++word) printf("environment %s\n", *word);
  printf("directory %s\n", getcwd(NULL, 0));
  show_descriptors();
  if (argc == 2 && strncmp(argv[1], prefix, sizeof prefix - 1) == 0) {
    show_request(atoi(argv[1] + sizeof prefix - 1));
  }
  return 7;
}
