// SPDX-License-Identifier: Apache-2.0

// Command puller pulls IMAGE into the containerd at SOCKET and unpacks it with SNAPSHOTTER, giving the snapshotter
// the labels that a remote snapshotter needs. The ctr of containerd 1.x does not send them; kubelet and nerdctl do.
// The containerd namespace is $CONTAINERD_NAMESPACE, as for ctr.
package main

import (
	"context"
	"errors"
	"fmt"
	"os"

	containerd "github.com/containerd/containerd/v2/client"
	"github.com/containerd/containerd/v2/core/remotes/docker"
	"github.com/containerd/containerd/v2/pkg/namespaces"
	"github.com/containerd/containerd/v2/pkg/snapshotters"
)

func pull(socket, snapshotter, image string) error {
	client, err := containerd.New(socket)
	if err != nil {
		return fmt.Errorf("connect to %s: %w", socket, err)
	}
	defer client.Close()

	ctx := namespaces.NamespaceFromEnv(context.Background())
	plainHTTP := docker.ConfigureDefaultRegistries(docker.WithPlainHTTP(docker.MatchAllHosts))
	_, err = client.Pull(
		ctx,
		image,
		containerd.WithPullUnpack,
		containerd.WithPullSnapshotter(snapshotter),
		containerd.WithImageHandlerWrapper(snapshotters.AppendInfoHandlerWrapper(image)),
		containerd.WithResolver(docker.NewResolver(docker.ResolverOptions{Hosts: plainHTTP})),
	)
	if err != nil {
		return fmt.Errorf("pull %s: %w", image, err)
	}
	return nil
}

func main() {
	err := errors.New("usage: puller SOCKET SNAPSHOTTER IMAGE")
	if len(os.Args) == 4 {
		err = pull(os.Args[1], os.Args[2], os.Args[3])
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "puller:", err)
		os.Exit(1)
	}
}
