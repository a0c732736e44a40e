// SPDX-License-Identifier: Apache-2.0
//
// Gives the header that all tests begin with something to be compiled for.
