// SPDX-License-Identifier: Apache-2.0

// The Go side of the runtime benchmarks; see bench/README.md for the contract.
//
// Goroutines neither await nor catch, so await_ready and cancel_sleeping_8_catching
// are absent; so is an event, which a closed channel only resembles.
//
// usage: go_bench [MEASURE ...]
package main

import (
	"context"
	"fmt"
	"os"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"
)

const children = 100

var scale = 1.0

func scaled(n int) int {
	return max(1, int(float64(n)*scale))
}

func require(holds bool, what string) {
	if !holds {
		panic("wrong result: " + what)
	}
}

// nsPerOp runs body(n) to warm up, then with an n that takes 100 ms.
func nsPerOp(body func(n int), n int) float64 {
	timed := func() float64 {
		start := time.Now()
		body(n)
		return float64(time.Since(start))
	}
	elapsed := timed()
	for {
		n = max(n, int(float64(n)*100e6*scale/elapsed))
		elapsed = timed()
		if elapsed >= 50e6*scale {
			return elapsed / float64(n)
		}
	}
}

// spread gives deadlines over an hour; the same sequence in every peer.
type spread uint32

func (s *spread) next() time.Duration {
	*s = *s*1664525 + 1013904223
	seconds := 1 + float64(*s>>8)*(3600.0/(1<<24))
	return time.Duration(seconds * float64(time.Second))
}

//go:noinline
func child() int { return 1 }

func createTaskAwait() float64 {
	return nsPerOp(func(n int) {
		total := 0
		for range n {
			result := make(chan int, 1)
			go func() { result <- child() }()
			total += <-result
		}
		require(total == n, "create_task_await")
	}, 200)
}

func sleep0() float64 {
	return nsPerOp(func(n int) {
		for range n {
			runtime.Gosched()
		}
	}, 200)
}

func gatherChild() float64 {
	return nsPerOp(func(n int) {
		total := 0
		for range n {
			values := make([]int, children)
			var group sync.WaitGroup
			group.Add(children)
			for i := range children {
				go func() {
					defer group.Done()
					values[i] = child()
				}()
			}
			group.Wait()
			for _, value := range values {
				total += value
			}
		}
		require(total == n*children, "gather_child")
	}, 5) / children
}

// taskGroup does what errgroup does: the first error cancels the others.
type taskGroup struct {
	wait   sync.WaitGroup
	once   sync.Once
	err    error
	cancel context.CancelFunc
}

func (g *taskGroup) start(task func() error) {
	g.wait.Add(1)
	go func() {
		defer g.wait.Done()
		if err := task(); err != nil {
			g.once.Do(func() {
				g.err = err
				g.cancel()
			})
		}
	}()
}

func taskgroupChild() float64 {
	return nsPerOp(func(n int) {
		total := 0
		for range n {
			values := make([]int, children)
			_, cancel := context.WithCancel(context.Background())
			group := taskGroup{cancel: cancel}
			for i := range children {
				group.start(func() error {
					values[i] = child()
					return nil
				})
			}
			group.wait.Wait()
			cancel()
			require(group.err == nil, "taskgroup_child")
			for _, value := range values {
				total += value
			}
		}
		require(total == n*children, "taskgroup_child")
	}, 5) / children
}

//go:noinline
func sleepAnHour(ctx context.Context) error {
	timer := time.NewTimer(time.Hour)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-timer.C:
		return nil
	}
}

//go:noinline
func sleepBelow(ctx context.Context, depth int) error {
	if depth == 1 {
		return sleepAnHour(ctx)
	}
	if err := sleepBelow(ctx, depth-1); err != nil {
		return err
	}
	return nil
}

func cancelCycle(sleep func(context.Context) error) float64 {
	return nsPerOp(func(n int) {
		cancelled := 0
		for range n {
			ctx, cancel := context.WithCancel(context.Background())
			result := make(chan error, 1)
			go func() { result <- sleep(ctx) }()
			runtime.Gosched()
			cancel()
			if <-result == context.Canceled {
				cancelled++
			}
		}
		require(cancelled == n, "cancel_sleeping")
	}, 200)
}

func cancelSleeping0() float64 { return cancelCycle(sleepAnHour) }

func cancelSleeping8() float64 {
	return cancelCycle(func(ctx context.Context) error { return sleepBelow(ctx, 8) })
}

func lockUncontended() float64 {
	var lock sync.Mutex
	total := 0
	return nsPerOp(func(n int) {
		for range n {
			lock.Lock()
			total++
			lock.Unlock()
		}
	}, 200)
}

func semaphoreUncontended() float64 {
	semaphore := make(chan struct{}, 1)
	return nsPerOp(func(n int) {
		for range n {
			semaphore <- struct{}{}
			<-semaphore
		}
	}, 200)
}

func queuePutGet() float64 {
	return nsPerOp(func(n int) {
		queue := make(chan int, 128)
		result := make(chan int)
		go func() {
			for i := range n {
				queue <- i
			}
		}()
		go func() {
			total := 0
			for range n {
				total += <-queue
			}
			result <- total
		}()
		require(<-result == n*(n-1)/2, "queue_put_get")
	}, scaled(100_000))
}

func timerAddCancel1m() float64 {
	deadline := spread(12345)
	var fired atomic.Int64
	fire := func() { fired.Add(1) }
	outstanding := make([]*time.Timer, 1_000_000)
	for i := range outstanding {
		outstanding[i] = time.AfterFunc(deadline.next(), fire)
	}
	pairs := func(n int) {
		for range n / 1000 {
			for range 1000 {
				require(time.AfterFunc(deadline.next(), fire).Stop(), "timer_add_cancel_1m")
			}
			runtime.Gosched()
		}
	}
	pairs(20_000)
	n := scaled(1_050_000) / 1000 * 1000
	start := time.Now()
	pairs(n)
	elapsed := time.Since(start)
	for _, timer := range outstanding {
		timer.Stop()
	}
	return float64(elapsed) / float64(n)
}

func postFromAThread(n int) float64 {
	total := 0
	posts := make(chan func(), 1024)
	started := make(chan time.Time, 1)
	go func() {
		started <- time.Now()
		for i := range n {
			posts <- func() { total += i }
		}
		close(posts)
	}()
	for callback := range posts {
		callback()
	}
	end := time.Now()
	require(total == n*(n-1)/2, "threadsafe_post")
	return float64(end.Sub(<-started)) / float64(n)
}

// threadsafePost is the only measure with more than one thread of Go code.
func threadsafePost() float64 {
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(2))
	postFromAThread(scaled(20_000))
	return postFromAThread(scaled(1_000_000))
}

func rssBytes() float64 {
	statm, err := os.ReadFile("/proc/self/statm")
	require(err == nil, "statm")
	pages, err := strconv.Atoi(strings.Fields(string(statm))[1])
	require(err == nil, "statm")
	return float64(pages * os.Getpagesize())
}

func taskMemory() float64 {
	var started atomic.Int64
	sleepers := func(n int) {
		for range n {
			go func() {
				started.Add(1)
				time.Sleep(time.Hour)
			}()
		}
	}
	sleepers(100)
	for started.Load() < 100 {
		runtime.Gosched()
	}
	before := rssBytes()
	n := scaled(1_000_000)
	sleepers(n)
	for started.Load() < int64(n)+100 {
		runtime.Gosched()
	}
	return (rssBytes() - before) / float64(n)
}

var measures = []struct {
	name string
	run  func() float64
	unit string
}{
	{"create_task_await", createTaskAwait, "ns"},
	{"sleep0", sleep0, "ns"},
	{"gather_child", gatherChild, "ns"},
	{"taskgroup_child", taskgroupChild, "ns"},
	{"cancel_sleeping_0", cancelSleeping0, "ns"},
	{"cancel_sleeping_8", cancelSleeping8, "ns"},
	{"lock_uncontended", lockUncontended, "ns"},
	{"semaphore_uncontended", semaphoreUncontended, "ns"},
	{"queue_put_get", queuePutGet, "ns"},
	{"threadsafe_post", threadsafePost, "ns"},
	{"timer_add_cancel_1m", timerAddCancel1m, "ns"},
	// Last: its goroutines cannot be stopped.
	{"task_memory", taskMemory, "bytes"},
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
	for _, measure := range measures {
		if len(wanted) == 0 || slices.Contains(wanted, measure.name) {
			fmt.Printf("%s %.2f %s\n", measure.name, measure.run(), measure.unit)
		}
	}
}
