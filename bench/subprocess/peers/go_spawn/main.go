// SPDX-License-Identifier: Apache-2.0

// The processes of the benchmarks in Go; see bench/README.md for the contract.
//
// usage: go_spawn [MEASURE ...]
package main

import (
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"slices"
	"strconv"
	"sync"
	"sync/atomic"
	"syscall"
	"time"
)

var scale = 1.0

func require(holds bool, what string) {
	if !holds {
		panic("wrong result: " + what)
	}
}

func runTrue(left *atomic.Int64) {
	for left.Add(-1) >= 0 {
		command := exec.Command("/bin/true")
		// Inherited, as in the other programs; else Go opens /dev/null for each.
		command.Stdin, command.Stdout, command.Stderr = os.Stdin, os.Stdout, os.Stderr
		require(command.Run() == nil, "the status of /bin/true")
	}
}

func cpuTime() time.Duration {
	var used syscall.Rusage
	require(syscall.Getrusage(syscall.RUSAGE_SELF, &used) == nil, "getrusage")
	return time.Duration(used.Utime.Nano() + used.Stime.Nano())
}

func runMany(n, atOnce int) {
	var left atomic.Int64
	left.Store(int64(n))
	var group sync.WaitGroup
	for range atOnce {
		group.Add(1)
		go func() {
			defer group.Done()
			runTrue(&left)
		}()
	}
	group.Wait()
}

func measure(name string, atOnce int) {
	n := 32
	for isWarm := false; ; isWarm = true {
		cpu, start := cpuTime(), time.Now()
		runMany(n, atOnce)
		took := time.Since(start).Seconds()
		cpu = cpuTime() - cpu
		if isWarm && took >= 0.1*scale {
			fmt.Printf("%s %.2f processes/s\n", name, float64(n)/took)
			fmt.Printf("%s_cpu %.2f ns\n", name, float64(cpu)/float64(n))
			return
		}
		n = max(n, int(float64(n)*0.2*scale/took))
	}
}

func main() {
	// One thread runs Go code, as one loop does.
	runtime.GOMAXPROCS(1)
	if text := os.Getenv("WEFT_BENCH_SCALE"); text != "" {
		var err error
		scale, err = strconv.ParseFloat(text, 64)
		require(err == nil, "WEFT_BENCH_SCALE")
	}
	fmt.Fprintln(os.Stderr, runtime.Version())
	wanted := os.Args[1:]
	if len(wanted) == 0 || slices.Contains(wanted, "spawn") {
		measure("spawn", 1)
	}
	if len(wanted) == 0 || slices.Contains(wanted, "spawn_16") {
		measure("spawn_16", 16)
	}
}
