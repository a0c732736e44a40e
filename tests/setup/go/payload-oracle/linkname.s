// SPDX-License-Identifier: Apache-2.0
// Allows main.go to declare functions without a body.
