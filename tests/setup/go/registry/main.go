// SPDX-License-Identifier: Apache-2.0

// Command registry serves an image registry from memory at ADDRESS, which needs no name service: unlike the command of
// the same name that the library brings, which listens on "localhost".
package main

import (
	"fmt"
	"net/http"
	"os"

	"github.com/google/go-containerregistry/pkg/registry"
)

func main() {
	if len(os.Args) != 2 {
		fmt.Fprintln(os.Stderr, "usage: registry ADDRESS")
		os.Exit(1)
	}
	err := http.ListenAndServe(os.Args[1], registry.New())
	fmt.Fprintln(os.Stderr, "registry:", err)
	os.Exit(1)
}
