// SPDX-License-Identifier: Apache-2.0

// The Go side of the benchmarks of HTTP clients; see bench/README.md for the contract.
//
// usage: go_client PORT FOLDER [MEASURE ...]
package main

import (
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"runtime"
	"runtime/debug"
	"slices"
	"strconv"
	"strings"
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

// As many ports behind the server's.
const (
	plain = iota
	overTLS
	http2
)

var (
	port   int
	folder string
	scale  = 1.0
	files  atomic.Int64
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
func urls(protocol, hosts, bodyBytes int) []string {
	scheme := "https"
	if protocol == plain {
		scheme = "http"
	}
	var all []string
	for i := range hosts {
		all = append(all, fmt.Sprintf("%s://127.0.%d.%d:%d/bytes/%d", scheme, i/250, i%250+1, port+protocol, bodyBytes))
	}
	return all
}

// By default two idle connections of a host are kept, and a hundred in all.
func newClient(protocol, idleMax int) *http.Client {
	transport := http.DefaultTransport.(*http.Transport).Clone()
	transport.MaxIdleConns = idleMax
	transport.MaxIdleConnsPerHost = concurrency
	if protocol != plain {
		authorities := x509.NewCertPool()
		pem := check(os.ReadFile(filepath.Join(folder, "ca.pem")))
		require(authorities.AppendCertsFromPEM(pem), "ca.pem")
		transport.TLSClientConfig = &tls.Config{RootCAs: authorities}
	}
	return &http.Client{Transport: transport}
}

func get(client *http.Client, url string, bodyBytes int) *http.Response {
	response := check(client.Get(url))
	require(response.StatusCode == 200, "the status")
	require(response.ContentLength == int64(bodyBytes), "the length")
	return response
}

// toMemory reads into memory that is made at once, as the length is known; io.ReadAll would make it grow.
func toMemory(client *http.Client, url string, bodyBytes int) {
	response := get(client, url, bodyBytes)
	defer response.Body.Close()
	body := make([]byte, response.ContentLength)
	check(io.ReadFull(response.Body, body))
	// The connection is free when the end was read.
	require(check(io.Copy(io.Discard, response.Body)) == 0, "the end of a body")
}

func toDisk(client *http.Client, url string, bodyBytes int) {
	response := get(client, url, bodyBytes)
	defer response.Body.Close()
	file := check(os.Create(filepath.Join(folder, strconv.FormatInt(files.Add(1), 10))))
	require(check(io.Copy(file, response.Body)) == int64(bodyBytes), "the length of a file")
	if err := file.Close(); err != nil {
		panic(err)
	}
}

func fetchAll(client *http.Client, fetch func(*http.Client, string, int), urls []string, bodyBytes, count int) {
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

func cpuTime() time.Duration {
	var usage syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &usage); err != nil {
		panic(err)
	}
	return time.Duration(usage.Utime.Nano() + usage.Stime.Nano())
}

func measure(name string, protocol, hosts, bodyBytes, requests int, unit string) {
	urls := urls(protocol, hosts, bodyBytes)
	requests = max(1, int(float64(requests)*scale))
	fetch := toMemory
	if strings.HasSuffix(name, "_disk") {
		fetch = toDisk
	}
	fetchInNewClient := func(count int) {
		client := newClient(protocol, len(urls)+concurrency)
		fetchAll(client, fetch, urls, bodyBytes, count)
		client.CloseIdleConnections()
	}
	fetchInNewClient((requests + 9) / 10)
	fetched := 0
	start, cpuStart := time.Now(), cpuTime()
	for time.Since(start).Seconds() < measuredMin.Seconds()*scale {
		fetchInNewClient(requests)
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
func idleMemory(name string, protocol int) {
	const first, measured = 100, 1000
	urls := urls(protocol, first+measured, 100)
	client := newClient(protocol, len(urls))
	fetchAll(client, toMemory, urls[:first], 100, first)
	before := residentBytes()
	fetchAll(client, toMemory, urls[first:], 100, measured)
	fmt.Printf("%s %.0f bytes\n", name, (residentBytes()-before)/measured)
	runtime.KeepAlive(client)
}

func main() {
	runtime.GOMAXPROCS(1)
	if setting := os.Getenv("WEFT_BENCH_SCALE"); setting != "" {
		scale = check(strconv.ParseFloat(setting, 64))
	}
	port = check(strconv.Atoi(os.Args[1]))
	folder = os.Args[2]
	wanted := os.Args[3:]
	isWanted := func(name string) bool { return len(wanted) == 0 || slices.Contains(wanted, name) }
	for _, m := range []struct {
		name                                 string
		protocol, hosts, bodyBytes, requests int
		unit                                 string
	}{
		{"get", plain, 1, 100, 10000, "requests"},
		{"get_hosts", plain, 1000, 100, 10000, "requests"},
		{"tls_get", overTLS, 1, 100, 10000, "requests"},
		{"tls_get_hosts", overTLS, 1000, 100, 10000, "requests"},
		{"h2_get", http2, 1, 100, 10000, "requests"},
		{"h2_get_hosts", http2, 1000, 100, 10000, "requests"},
		{"bodies_1m", plain, 1, mib, 1000, "MiB"},
		{"body_1g", plain, 1, 1024 * mib, 1, "MiB"},
		{"bodies_1m_disk", plain, 1, mib, 1000, "MiB"},
		{"body_1g_disk", plain, 1, 1024 * mib, 1, "MiB"},
	} {
		if isWanted(m.name) {
			measure(m.name, m.protocol, m.hosts, m.bodyBytes, m.requests, m.unit)
		}
	}
	for protocol, name := range []string{plain: "idle_memory", overTLS: "tls_idle_memory"} {
		if isWanted(name) {
			idleMemory(name, protocol)
		}
	}
}
