// SPDX-License-Identifier: Apache-2.0
//! The processes of the benchmarks on tokio; see bench/README.md for the contract.
//!
//! usage: tokio_spawn [MEASURE ...]

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::Arc;
use std::time::Instant;

use tokio::process::Command;
use tokio::runtime::Builder;
use tokio::task::spawn;

fn scale() -> f64 {
    std::env::var("WEFT_BENCH_SCALE").map_or(1.0, |text| text.parse().expect("a number"))
}

async fn run_true(left: Arc<AtomicUsize>) {
    let take = |n: usize| n.checked_sub(1);
    while left.fetch_update(Ordering::Relaxed, Ordering::Relaxed, take).is_ok() {
        let mut process = Command::new("/bin/true").spawn().expect("a process");
        assert!(process.wait().await.expect("its status").success());
    }
}

async fn run_many(n: usize, at_once: usize) {
    let left = Arc::new(AtomicUsize::new(n));
    let runners = (0..at_once).map(|_| spawn(run_true(left.clone())));
    for runner in runners.collect::<Vec<_>>() {
        runner.await.expect("no panic");
    }
}

#[repr(C)]
struct Timespec {
    seconds: i64,
    nanoseconds: i64,
}

extern "C" {
    fn clock_gettime(clock: i32, time: *mut Timespec) -> i32;
}
const CLOCK_PROCESS_CPUTIME_ID: i32 = 2;

fn cpu_seconds() -> f64 {
    let mut time = Timespec { seconds: 0, nanoseconds: 0 };
    // SAFETY: writes the time.
    assert_eq!(unsafe { clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &mut time) }, 0);
    time.seconds as f64 + time.nanoseconds as f64 / 1e9
}

async fn measure(name: &str, at_once: usize) {
    let mut n = 32;
    let mut is_warm = false;
    loop {
        let cpu = cpu_seconds();
        let start = Instant::now();
        run_many(n, at_once).await;
        let took = start.elapsed().as_secs_f64();
        let cpu = cpu_seconds() - cpu;
        if is_warm && took >= 0.1 * scale() {
            println!("{name} {:.2} processes/s", n as f64 / took);
            println!("{name}_cpu {:.2} ns", cpu * 1e9 / n as f64);
            return;
        }
        is_warm = true;
        n = n.max((n as f64 * 0.2 * scale() / took) as usize);
    }
}

fn main() {
    let wanted: Vec<String> = std::env::args().skip(1).collect();
    let runtime = Builder::new_current_thread().enable_all().build().expect("a runtime");
    for (name, at_once) in [("spawn", 1), ("spawn_16", 16)] {
        if wanted.is_empty() || wanted.iter().any(|w| w == name) {
            runtime.block_on(measure(name, at_once));
        }
    }
}
