// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <gflags/gflags_declare.h>

// The flags that more than one verb takes.
DECLARE_bool(json);
DECLARE_string(color);
