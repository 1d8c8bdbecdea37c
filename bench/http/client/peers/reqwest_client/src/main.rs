// SPDX-License-Identifier: Apache-2.0
//! reqwest in the benchmarks of HTTP clients; see bench/README.md for the contract.
//!
//! usage: reqwest_client PORT [MEASURE ...]

use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};
use std::sync::Arc;
use std::time::Instant;

use reqwest::Client;
use tokio::runtime::Builder;
use tokio::task::spawn;

const CONCURRENCY: usize = 100;
const MIB: usize = 1 << 20;
const MEASURED_S_MIN: f64 = 0.5;

struct Measure {
    name: &'static str,
    hosts: usize,
    body_bytes: usize,
    requests: usize,
    unit: &'static str,
}

const MEASURES: [Measure; 4] = [
    Measure { name: "get", hosts: 1, body_bytes: 100, requests: 10_000, unit: "requests" },
    Measure { name: "get_hosts", hosts: 1000, body_bytes: 100, requests: 10_000, unit: "requests" },
    Measure { name: "bodies_1m", hosts: 1, body_bytes: MIB, requests: 1000, unit: "MiB" },
    Measure { name: "body_1g", hosts: 1, body_bytes: 1024 * MIB, requests: 1, unit: "MiB" },
];

fn scale() -> f64 {
    std::env::var("WEFT_BENCH_SCALE").map_or(1.0, |text| text.parse().expect("a number"))
}

/// One for each of the hosts 127.0.0.1, 127.0.0.2 and so on.
fn urls(port: &str, hosts: usize, body_bytes: usize) -> Arc<[String]> {
    let url = |i| format!("http://127.0.{}.{}:{port}/bytes/{body_bytes}", i / 250, i % 250 + 1);
    (0..hosts).map(url).collect()
}

async fn fetch(client: &Client, url: &str, body_bytes: usize) {
    let response = client.get(url).send().await.expect("a response");
    assert_eq!(response.status(), 200);
    assert_eq!(response.bytes().await.expect("a body").len(), body_bytes);
}

async fn fetch_all(client: &Client, urls: &Arc<[String]>, body_bytes: usize, count: usize) {
    let next = Arc::new(AtomicUsize::new(0));
    let start_fetcher = |_| {
        let (client, urls, next) = (client.clone(), urls.clone(), next.clone());
        spawn(async move {
            loop {
                let i = next.fetch_add(1, Relaxed);
                if i >= count {
                    return;
                }
                fetch(&client, &urls[i % urls.len()], body_bytes).await;
            }
        })
    };
    for fetcher in (0..CONCURRENCY).map(start_fetcher).collect::<Vec<_>>() {
        fetcher.await.expect("no panic");
    }
}

async fn fetch_in_new_client(urls: &Arc<[String]>, body_bytes: usize, count: usize) {
    // Keeps all idle connections.
    fetch_all(&Client::new(), urls, body_bytes, count).await;
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

async fn run_measure(port: &str, measure: &Measure) {
    let urls = urls(port, measure.hosts, measure.body_bytes);
    let requests = ((measure.requests as f64 * scale()) as usize).max(1);
    fetch_in_new_client(&urls, measure.body_bytes, requests.div_ceil(10)).await;
    let mut fetched = 0;
    let (start, cpu_start) = (Instant::now(), cpu_seconds());
    while start.elapsed().as_secs_f64() < MEASURED_S_MIN * scale() {
        fetch_in_new_client(&urls, measure.body_bytes, requests).await;
        fetched += requests;
    }
    let (seconds, cpu) = (start.elapsed().as_secs_f64(), cpu_seconds() - cpu_start);
    let units = (fetched * (measure.body_bytes / MIB).max(1)) as f64;
    println!("{} {:.2} {}/s", measure.name, units / seconds, measure.unit);
    println!("{}_cpu {:.3} us", measure.name, cpu / units * 1e6);
    println!("{}_busy {:.1} %", measure.name, cpu / seconds * 100.0);
}

fn resident_bytes() -> f64 {
    let text = std::fs::read_to_string("/proc/self/statm").expect("statm");
    let pages: f64 = text.split(' ').nth(1).and_then(|word| word.parse().ok()).expect("a number");
    pages * 4096.0
}

/// The first hundred take with them what a client has but once.
async fn idle_memory(port: &str) {
    const FIRST: usize = 100;
    const MEASURED: usize = 1000;
    let all = urls(port, FIRST + MEASURED, 100);
    let client = Client::new();
    fetch_all(&client, &all[..FIRST].into(), 100, FIRST).await;
    let before = resident_bytes();
    fetch_all(&client, &all[FIRST..].into(), 100, MEASURED).await;
    println!("idle_memory {:.0} bytes", (resident_bytes() - before) / MEASURED as f64);
}

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let (port, wanted) = arguments.split_first().expect("a port");
    let is_wanted = |name: &str| wanted.is_empty() || wanted.iter().any(|word| word == name);
    let runtime = Builder::new_current_thread().enable_all().build().expect("a runtime");
    for measure in MEASURES.iter().filter(|measure| is_wanted(measure.name)) {
        runtime.block_on(run_measure(port, measure));
    }
    if is_wanted("idle_memory") {
        runtime.block_on(idle_memory(port));
    }
}
