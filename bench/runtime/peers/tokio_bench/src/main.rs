// SPDX-License-Identifier: Apache-2.0
//! The tokio side of the runtime benchmarks; see bench/README.md for the contract.
//!
//! A dropped future cannot catch its cancellation, so `cancel_sleeping_8_catching` is absent.
//!
//! usage: tokio_bench [MEASURE ...]

use std::cell::Cell;
use std::future::Future;
use std::hint::black_box;
use std::pin::{pin, Pin};
use std::sync::Arc;
use std::task::{Context, Poll, Waker};
use std::time::{Duration, Instant};

use tokio::runtime::{Builder, Runtime};
use tokio::sync::{mpsc, watch, Mutex, Semaphore};
use tokio::task::{spawn, yield_now, JoinSet};
use tokio::time::{sleep, Sleep};

const CHILDREN: usize = 100;
const HOUR: Duration = Duration::from_secs(3600);

fn scale() -> f64 {
    std::env::var("WEFT_BENCH_SCALE").map_or(1.0, |text| text.parse().expect("a number"))
}

fn scaled(n: usize) -> usize {
    ((n as f64 * scale()) as usize).max(1)
}

fn runtime() -> Runtime {
    Builder::new_current_thread().enable_all().build().expect("a runtime")
}

/// Runs the body in a task, as #[tokio::main] programs do: block_on's own future is special.
fn run<F>(future: F) -> F::Output
where
    F: Future + Send + 'static,
    F::Output: Send + 'static,
{
    runtime().block_on(async { spawn(future).await.expect("no panic") })
}

/// Runs body(n) to warm up, then with an n that takes 100 ms.
fn ns_per_op<F>(body: impl Fn(usize) -> F, mut n: usize) -> f64
where
    F: Future<Output = ()> + Send + 'static,
{
    let timed = |n| {
        let start = Instant::now();
        run(body(n));
        start.elapsed().as_nanos() as f64
    };
    let mut elapsed = timed(n);
    loop {
        n = n.max((n as f64 * 100e6 * scale() / elapsed) as usize);
        elapsed = timed(n);
        if elapsed >= 50e6 * scale() {
            return elapsed / n as f64;
        }
    }
}

/// Deadlines over an hour; the same sequence in every peer.
struct Spread(u32);

impl Spread {
    fn next(&mut self) -> Duration {
        self.0 = self.0.wrapping_mul(1664525).wrapping_add(1013904223);
        Duration::from_secs_f64(1.0 + (self.0 >> 8) as f64 * (3600.0 / (1 << 24) as f64))
    }
}

#[inline(never)]
async fn child() -> usize {
    black_box(1)
}

/// No fair counterpart: the child's state machine is a field of its caller's, never allocated.
fn await_ready() -> f64 {
    let body = |n| async move {
        let mut total = 0;
        for _ in 0..n {
            total += child().await;
        }
        assert_eq!(total, n);
    };
    ns_per_op(body, 200)
}

fn create_task_await() -> f64 {
    let body = |n| async move {
        let mut total = 0;
        for _ in 0..n {
            total += spawn(child()).await.unwrap();
        }
        assert_eq!(total, n);
    };
    ns_per_op(body, 200)
}

fn sleep0() -> f64 {
    let body = |n| async move {
        for _ in 0..n {
            yield_now().await;
        }
    };
    ns_per_op(body, 200)
}

fn gather_child() -> f64 {
    let body = |n| async move {
        let mut total = 0;
        for _ in 0..n {
            let values = futures::future::join_all((0..CHILDREN).map(|_| spawn(child()))).await;
            total += values.into_iter().map(|value| value.unwrap()).sum::<usize>();
        }
        assert_eq!(total, n * CHILDREN);
    };
    ns_per_op(body, 5) / CHILDREN as f64
}

fn taskgroup_child() -> f64 {
    let body = |n| async move {
        let mut total = 0;
        for _ in 0..n {
            let mut group = JoinSet::new();
            for _ in 0..CHILDREN {
                group.spawn(child());
            }
            while let Some(value) = group.join_next().await {
                total += value.unwrap();
            }
        }
        assert_eq!(total, n * CHILDREN);
    };
    ns_per_op(body, 5) / CHILDREN as f64
}

macro_rules! sleeps_below {
    ($($name:ident -> $inner:ident),*) => {
        $(#[inline(never)] async fn $name() { $inner().await; black_box(()); })*
    };
}

#[inline(never)]
async fn sleep_an_hour() {
    sleep(HOUR).await;
}

// Each level is a function of its own: an async fn that calls itself would have to be boxed.
sleeps_below!(
    sleep_2 -> sleep_an_hour, sleep_3 -> sleep_2, sleep_4 -> sleep_3, sleep_5 -> sleep_4,
    sleep_6 -> sleep_5, sleep_7 -> sleep_6, sleep_8 -> sleep_7
);

fn cancel_cycle<M, F>(make: M) -> f64
where
    M: Fn() -> F + Copy + Send + 'static,
    F: Future<Output = ()> + Send + 'static,
{
    let body = move |n| async move {
        let mut cancelled = 0;
        for _ in 0..n {
            let task = spawn(make());
            yield_now().await;
            task.abort();
            cancelled += task.await.unwrap_err().is_cancelled() as usize;
        }
        assert_eq!(cancelled, n);
    };
    ns_per_op(body, 200)
}

fn cancel_sleeping_0() -> f64 {
    cancel_cycle(|| sleep(HOUR))
}

fn cancel_sleeping_8() -> f64 {
    cancel_cycle(sleep_8)
}

fn lock_uncontended() -> f64 {
    let body = |n| async move {
        let lock = Mutex::new(0);
        for _ in 0..n {
            *lock.lock().await += 1;
        }
        assert_eq!(lock.into_inner(), n);
    };
    ns_per_op(body, 200)
}

fn semaphore_uncontended() -> f64 {
    let body = |n| async move {
        let semaphore = Semaphore::new(1);
        for _ in 0..n {
            drop(black_box(semaphore.acquire().await.unwrap()));
        }
    };
    ns_per_op(body, 200)
}

/// tokio has no event that stays set; a watched flag is the nearest.
fn event_wait_set() -> f64 {
    let body = |n| async move {
        let (_sender, mut event) = watch::channel(true);
        for _ in 0..n {
            black_box(*event.wait_for(|set| *set).await.unwrap());
        }
    };
    ns_per_op(body, 200)
}

fn queue_put_get() -> f64 {
    let body = |n| async move {
        let (sender, mut receiver) = mpsc::channel(128);
        let producer = spawn(async move {
            for i in 0..n {
                sender.send(i).await.unwrap();
            }
        });
        let consumer = spawn(async move {
            let mut total = 0;
            for _ in 0..n {
                total += receiver.recv().await.unwrap();
            }
            total
        });
        producer.await.unwrap();
        assert_eq!(consumer.await.unwrap(), n * (n - 1) / 2);
    };
    ns_per_op(body, scaled(100_000))
}

fn timer_add_cancel_1m() -> f64 {
    runtime().block_on(async {
        let mut spread = Spread(12345);
        let mut context = Context::from_waker(Waker::noop());
        let mut outstanding: Vec<Pin<Box<Sleep>>> = Vec::new();
        for _ in 0..1_000_000 {
            let mut timer = Box::pin(sleep(spread.next()));
            assert!(timer.as_mut().poll(&mut context).is_pending());
            outstanding.push(timer);
        }
        let mut pairs = async |n: usize| {
            for _ in 0..n / 1000 {
                for _ in 0..1000 {
                    let timer = pin!(sleep(spread.next()));
                    assert!(timer.poll(&mut context) == Poll::Pending);
                }
                yield_now().await;
            }
        };
        pairs(20_000).await;
        let n = scaled(1_050_000) / 1000 * 1000;
        let start = Instant::now();
        pairs(n).await;
        start.elapsed().as_nanos() as f64 / n as f64
    })
}

type Callback = Box<dyn FnOnce(&Cell<usize>) + Send>;

fn post_from_a_thread(n: usize) -> f64 {
    let (sender, mut receiver) = mpsc::unbounded_channel::<Callback>();
    let poster = std::thread::spawn(move || {
        let start = Instant::now();
        for i in 0..n {
            let callback = Box::new(move |total: &Cell<usize>| total.set(total.get() + i));
            assert!(sender.send(callback).is_ok());
        }
        start
    });
    let (total, end) = runtime().block_on(async move {
        spawn(async move {
            let total = Cell::new(0);
            while let Some(callback) = receiver.recv().await {
                callback(&total);
            }
            (total.get(), Instant::now())
        })
        .await
        .unwrap()
    });
    assert_eq!(total, n * (n - 1) / 2);
    let start = poster.join().unwrap();
    (end - start).as_nanos() as f64 / n as f64
}

fn threadsafe_post() -> f64 {
    post_from_a_thread(scaled(20_000));
    post_from_a_thread(scaled(1_000_000))
}

extern "C" {
    fn getpagesize() -> i32;
}

fn rss_bytes() -> f64 {
    let statm = std::fs::read_to_string("/proc/self/statm").expect("Linux");
    let pages: f64 = statm.split(' ').nth(1).unwrap().parse().unwrap();
    // SAFETY: takes nothing, touches nothing.
    pages * f64::from(unsafe { getpagesize() })
}

fn task_memory() -> f64 {
    runtime().block_on(async {
        let n = scaled(1_000_000);
        let started = Arc::new(std::sync::atomic::AtomicUsize::new(0));
        let spawn_sleepers = async |n: usize| {
            for _ in 0..n {
                let started = started.clone();
                spawn(async move {
                    started.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
                    drop(started);
                    sleep(HOUR).await;
                });
            }
            yield_now().await;
        };
        spawn_sleepers(100).await;
        let before = rss_bytes();
        spawn_sleepers(n).await;
        while started.load(std::sync::atomic::Ordering::Relaxed) < n + 100 {
            yield_now().await;
        }
        (rss_bytes() - before) / n as f64
    })
}

// task_memory comes first: what others have freed would hide its growth.
const MEASURES: &[(&str, fn() -> f64)] = &[
    ("task_memory", task_memory),
    ("await_ready", await_ready),
    ("create_task_await", create_task_await),
    ("sleep0", sleep0),
    ("gather_child", gather_child),
    ("taskgroup_child", taskgroup_child),
    ("cancel_sleeping_0", cancel_sleeping_0),
    ("cancel_sleeping_8", cancel_sleeping_8),
    ("lock_uncontended", lock_uncontended),
    ("semaphore_uncontended", semaphore_uncontended),
    ("event_wait_set", event_wait_set),
    ("queue_put_get", queue_put_get),
    ("threadsafe_post", threadsafe_post),
    ("timer_add_cancel_1m", timer_add_cancel_1m),
];

fn tokio_version() -> &'static str {
    let (_, tokio) = include_str!("../Cargo.toml").split_once("tokio = { version = \"=").unwrap();
    tokio.split('"').next().unwrap()
}

fn main() {
    eprintln!("tokio {}", tokio_version());
    let wanted: Vec<String> = std::env::args().skip(1).collect();
    for (name, measure) in MEASURES {
        if wanted.is_empty() || wanted.iter().any(|w| w == name) {
            let unit = if *name == "task_memory" { "bytes" } else { "ns" };
            println!("{name} {:.2} {unit}", measure());
        }
    }
}
