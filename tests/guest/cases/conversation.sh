# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=ash
# Carries out each line from the serial line and tells its exit code (conversation.py is at the other end).

stty -echo
echo "GUEST listening $(uname -r)"
while IFS= read -r command; do
  eval "$command" 2>&1
  printf '\nGUEST done %s\n' $?
done
