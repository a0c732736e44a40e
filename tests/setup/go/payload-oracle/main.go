// SPDX-License-Identifier: Apache-2.0

// Command payload-oracle asks the functions of nydus-snapshotter what they make of a payload. Each line of standard
// input is {"command":NAME,"input":BASE64}; each is answered on standard output by a line {"accepted":true,
// "output":BASE64} or {"accepted":false,"error":TEXT}.
package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"os"
	_ "unsafe" // for linkname

	"github.com/containerd/log"
	"github.com/containerd/nydus-snapshotter/pkg/label"
	"github.com/containerd/nydus-snapshotter/pkg/layout"
	"github.com/containerd/nydus-snapshotter/snapshot"
)

type request struct {
	Command string `json:"command"`
	Input   []byte `json:"input"`
}

type answer struct {
	Accepted bool   `json:"accepted"`
	Output   []byte `json:"output,omitempty"`
	Error    string `json:"error,omitempty"`
}

// What Kata's Go runtime reads and writes as mountInfo.json: MountInfo of src/runtime/pkg/direct-volume/utils.go, which
// is not worth the whole module.
type mountInfo struct {
	VolumeType string            `json:"volume-type"`
	Device     string            `json:"device"`
	FsType     string            `json:"fstype"`
	Metadata   map[string]string `json:"metadata,omitempty"`
	Options    []string          `json:"options,omitempty"`
}

//go:linkname parseTarfsDmVerityInfo github.com/containerd/nydus-snapshotter/snapshot.parseTarfsDmVerityInfo
func parseTarfsDmVerityInfo(info string) (snapshot.DmVerityInfo, error)

// rewrite reads JSON into a T and writes it again, validating nothing.
func rewrite[T any](input []byte) ([]byte, error) {
	var value T
	if err := json.Unmarshal(input, &value); err != nil {
		return nil, err
	}
	return json.Marshal(value)
}

func marshalIf[T any](value T, err error) ([]byte, error) {
	if err != nil {
		return nil, err
	}
	return json.Marshal(value)
}

func labels([]byte) ([]byte, error) {
	return json.Marshal(map[string]string{
		"tarfs-layer": label.NydusTarfsLayer,
		"image-block": label.NydusImageBlockInfo,
		"layer-block": label.NydusLayerBlockInfo,
		"proxy-mode":  label.NydusProxyMode,
	})
}

var commands = map[string]func(input []byte) ([]byte, error){
	"rewrite-extra-option": rewrite[snapshot.ExtraOption],
	"rewrite-volume":       rewrite[snapshot.KataVirtualVolume],
	"rewrite-verity":       rewrite[snapshot.DmVerityInfo],
	"rewrite-mount-info":   rewrite[mountInfo],
	"volume-from-json": func(input []byte) ([]byte, error) {
		return marshalIf(snapshot.ParseKataVirtualVolume(input))
	},
	"volume-through-base64": func(input []byte) ([]byte, error) {
		volume, err := snapshot.ParseKataVirtualVolumeFromBase64(string(input))
		if err != nil {
			return nil, err
		}
		text, err := snapshot.EncodeKataVirtualVolumeToBase64(*volume)
		return []byte(text), err
	},
	"verity-from-json": func(input []byte) ([]byte, error) {
		return marshalIf(snapshot.ParseDmVerityInfo(string(input)))
	},
	"verity-from-label": func(input []byte) ([]byte, error) {
		return marshalIf(parseTarfsDmVerityInfo(string(input)))
	},
	"detect-rafs": func(input []byte) ([]byte, error) {
		version, err := layout.DetectFsVersion(input)
		return []byte(version), err
	},
	"labels": labels,
}

func reply(line []byte) answer {
	var asked request
	if err := json.Unmarshal(line, &asked); err != nil {
		return answer{Error: "not a request: " + err.Error()}
	}
	command, known := commands[asked.Command]
	if !known {
		return answer{Error: "unknown command " + asked.Command}
	}
	output, err := command(asked.Input)
	if err != nil {
		return answer{Error: err.Error()}
	}
	return answer{Accepted: true, Output: output}
}

func serve(in io.Reader, out io.Writer) error {
	writer := bufio.NewWriter(out)
	encoder := json.NewEncoder(writer)
	lines := bufio.NewReader(in)
	for {
		line, err := lines.ReadBytes('\n')
		if err == io.EOF {
			return writer.Flush()
		}
		if err == nil {
			err = encoder.Encode(reply(line))
		}
		if err == nil && lines.Buffered() == 0 {
			err = writer.Flush()
		}
		if err != nil {
			return err
		}
	}
}

func main() {
	// The snapshotter logs every volume that it encodes.
	err := log.SetLevel("error")
	if err == nil {
		err = serve(os.Stdin, os.Stdout)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "payload-oracle:", err)
		os.Exit(1)
	}
}
