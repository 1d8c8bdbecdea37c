// SPDX-License-Identifier: Apache-2.0

// The Go side of the benchmarks of HTTP clients; see bench/README.md for the contract.
//
// usage: go_client PORT [MEASURE ...]
package main

import (
	"fmt"
	"io"
	"net/http"
	"os"
	"runtime"
	"runtime/debug"
	"slices"
	"strconv"
	"sync"
	"sync/atomic"
	"syscall"
	"time"
)

const (
	concurrency = 100
	mib         = 1 << 20
	measuredMin = 500 * time.Millisecond
)

var (
	port  string
	scale = 1.0
)

func require(holds bool, what string) {
	if !holds {
		panic("wrong result: " + what)
	}
}

func check[T any](value T, err error) T {
	if err != nil {
		panic(err)
	}
	return value
}

// urls gives one for each of the hosts 127.0.0.1, 127.0.0.2 and so on.
func urls(hosts, bodyBytes int) []string {
	var all []string
	for i := range hosts {
		all = append(all, fmt.Sprintf("http://127.0.%d.%d:%s/bytes/%d", i/250, i%250+1, port, bodyBytes))
	}
	return all
}

// By default two idle connections of a host are kept, and a hundred in all.
func newClient(idleMax int) *http.Client {
	transport := http.DefaultTransport.(*http.Transport).Clone()
	transport.MaxIdleConns = idleMax
	transport.MaxIdleConnsPerHost = concurrency
	return &http.Client{Transport: transport}
}

// fetch reads into memory that is made at once, as the length is known; io.ReadAll would make it grow.
func fetch(client *http.Client, url string, bodyBytes int) {
	response := check(client.Get(url))
	defer response.Body.Close()
	require(response.StatusCode == 200, "the status")
	require(response.ContentLength == int64(bodyBytes), "the length")
	body := make([]byte, response.ContentLength)
	check(io.ReadFull(response.Body, body))
	// The connection is free when the end was read.
	require(check(io.Copy(io.Discard, response.Body)) == 0, "the end of a body")
}

func fetchAll(client *http.Client, urls []string, bodyBytes, count int) {
	var next atomic.Int64
	var group sync.WaitGroup
	for range concurrency {
		group.Add(1)
		go func() {
			defer group.Done()
			for i := int(next.Add(1)) - 1; i < count; i = int(next.Add(1)) - 1 {
				fetch(client, urls[i%len(urls)], bodyBytes)
			}
		}()
	}
	group.Wait()
}

func fetchInNewClient(urls []string, bodyBytes, count int) {
	client := newClient(len(urls) + concurrency)
	fetchAll(client, urls, bodyBytes, count)
	client.CloseIdleConnections()
}

func cpuTime() time.Duration {
	var usage syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &usage); err != nil {
		panic(err)
	}
	return time.Duration(usage.Utime.Nano() + usage.Stime.Nano())
}

func measure(name string, hosts, bodyBytes, requests int, unit string) {
	urls := urls(hosts, bodyBytes)
	requests = max(1, int(float64(requests)*scale))
	fetchInNewClient(urls, bodyBytes, (requests+9)/10)
	fetched := 0
	start, cpuStart := time.Now(), cpuTime()
	for time.Since(start).Seconds() < measuredMin.Seconds()*scale {
		fetchInNewClient(urls, bodyBytes, requests)
		fetched += requests
	}
	seconds, cpu := time.Since(start).Seconds(), (cpuTime() - cpuStart).Seconds()
	units := float64(fetched * max(1, bodyBytes/mib))
	fmt.Printf("%s %.2f %s/s\n", name, units/seconds, unit)
	fmt.Printf("%s_cpu %.3f us\n", name, cpu/units*1e6)
	fmt.Printf("%s_busy %.1f %%\n", name, cpu/seconds*100)
}

// residentBytes counts no garbage.
func residentBytes() float64 {
	runtime.GC()
	debug.FreeOSMemory()
	var size, resident float64
	check(fmt.Sscan(string(check(os.ReadFile("/proc/self/statm"))), &size, &resident))
	return resident * float64(os.Getpagesize())
}

// The first hundred take with them what a client has but once.
func idleMemory() {
	const first, measured = 100, 1000
	urls := urls(first+measured, 100)
	client := newClient(len(urls))
	fetchAll(client, urls[:first], 100, first)
	before := residentBytes()
	fetchAll(client, urls[first:], 100, measured)
	fmt.Printf("idle_memory %.0f bytes\n", (residentBytes()-before)/measured)
	runtime.KeepAlive(client)
}

func main() {
	runtime.GOMAXPROCS(1)
	if setting := os.Getenv("WEFT_BENCH_SCALE"); setting != "" {
		scale = check(strconv.ParseFloat(setting, 64))
	}
	port = os.Args[1]
	wanted := os.Args[2:]
	isWanted := func(name string) bool { return len(wanted) == 0 || slices.Contains(wanted, name) }
	for _, m := range []struct {
		name                       string
		hosts, bodyBytes, requests int
		unit                       string
	}{
		{"get", 1, 100, 10000, "requests"},
		{"get_hosts", 1000, 100, 10000, "requests"},
		{"bodies_1m", 1, mib, 1000, "MiB"},
		{"body_1g", 1, 1024 * mib, 1, "MiB"},
	} {
		if isWanted(m.name) {
			measure(m.name, m.hosts, m.bodyBytes, m.requests, m.unit)
		}
	}
	if isWanted("idle_memory") {
		idleMemory()
	}
}
