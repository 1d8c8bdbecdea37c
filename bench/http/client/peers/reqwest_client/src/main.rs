// SPDX-License-Identifier: Apache-2.0
//! reqwest in the benchmarks of HTTP clients; see bench/README.md for the contract.
//!
//! usage: reqwest_client PORT FOLDER [MEASURE ...]

use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};
use std::sync::Arc;
use std::time::Instant;

use reqwest::{Certificate, Client, Response, Version};
use tokio::fs::File;
use tokio::io::AsyncWriteExt;
use tokio::runtime::Builder;
use tokio::task::spawn;

const CONCURRENCY: usize = 100;
const MIB: usize = 1 << 20;
const MEASURED_S_MIN: f64 = 0.5;

/// Where the server is, and where it has left its certificate.
#[derive(Clone)]
struct Place {
    port: u16,
    folder: Arc<str>,
}

/// As many ports behind the server's.
#[derive(Clone, Copy, PartialEq)]
enum Protocol {
    Plain,
    Tls,
    Http2,
}
use Protocol::{Http2, Plain, Tls};

struct Measure {
    name: &'static str,
    protocol: Protocol,
    hosts: usize,
    body_bytes: usize,
    requests: usize,
    unit: &'static str,
}

#[rustfmt::skip]
const MEASURES: [Measure; 10] = [
    Measure { name: "get", protocol: Plain, hosts: 1, body_bytes: 100, requests: 10_000, unit: "requests" },
    Measure { name: "get_hosts", protocol: Plain, hosts: 1000, body_bytes: 100, requests: 10_000, unit: "requests" },
    Measure { name: "tls_get", protocol: Tls, hosts: 1, body_bytes: 100, requests: 10_000, unit: "requests" },
    Measure { name: "tls_get_hosts", protocol: Tls, hosts: 1000, body_bytes: 100, requests: 10_000, unit: "requests" },
    Measure { name: "h2_get", protocol: Http2, hosts: 1, body_bytes: 100, requests: 10_000, unit: "requests" },
    Measure { name: "h2_get_hosts", protocol: Http2, hosts: 1000, body_bytes: 100, requests: 10_000, unit: "requests" },
    Measure { name: "bodies_1m", protocol: Plain, hosts: 1, body_bytes: MIB, requests: 1000, unit: "MiB" },
    Measure { name: "body_1g", protocol: Plain, hosts: 1, body_bytes: 1024 * MIB, requests: 1, unit: "MiB" },
    Measure { name: "bodies_1m_disk", protocol: Plain, hosts: 1, body_bytes: MIB, requests: 1000, unit: "MiB" },
    Measure { name: "body_1g_disk", protocol: Plain, hosts: 1, body_bytes: 1024 * MIB, requests: 1, unit: "MiB" },
];

fn scale() -> f64 {
    std::env::var("WEFT_BENCH_SCALE").map_or(1.0, |text| text.parse().expect("a number"))
}

/// One for each of the hosts 127.0.0.1, 127.0.0.2 and so on.
fn urls(place: &Place, protocol: Protocol, hosts: usize, body_bytes: usize) -> Arc<[String]> {
    let scheme = if protocol == Plain { "http" } else { "https" };
    let port = place.port + protocol as u16;
    let url = |i| format!("{scheme}://127.0.{}.{}:{port}/bytes/{body_bytes}", i / 250, i % 250 + 1);
    (0..hosts).map(url).collect()
}

/// Keeps all idle connections.
fn make_client(place: &Place, protocol: Protocol) -> Client {
    let builder = Client::builder();
    if protocol == Plain {
        return builder.build().expect("a client");
    }
    let pem = std::fs::read(format!("{}/ca.pem", place.folder)).expect("ca.pem");
    let authority = Certificate::from_pem(&pem).expect("a certificate");
    builder.tls_certs_only([authority]).build().expect("a client")
}

/// What one request is to do: `folder` is where bodies go, or nothing where they stay in memory.
#[derive(Clone)]
struct Fetch {
    client: Client,
    protocol: Protocol,
    body_bytes: usize,
    folder: Option<Arc<str>>,
}

static FILES: AtomicUsize = AtomicUsize::new(0);

async fn save(mut response: Response, path: &str) -> usize {
    let mut file = File::create(path).await.expect("a file");
    let mut size = 0;
    while let Some(piece) = response.chunk().await.expect("a body") {
        file.write_all(&piece).await.expect("a file");
        size += piece.len();
    }
    file.flush().await.expect("a file");
    size
}

async fn fetch(what: &Fetch, url: &str) {
    let response = what.client.get(url).send().await.expect("a response");
    assert_eq!(response.status(), 200);
    assert_eq!(response.version() == Version::HTTP_2, what.protocol == Http2);
    let size = match &what.folder {
        Some(folder) => save(response, &format!("{folder}/{}", FILES.fetch_add(1, Relaxed))).await,
        None => response.bytes().await.expect("a body").len(),
    };
    assert_eq!(size, what.body_bytes);
}

async fn fetch_all(what: &Fetch, urls: &Arc<[String]>, count: usize) {
    let next = Arc::new(AtomicUsize::new(0));
    let start_fetcher = |_| {
        let (what, urls, next) = (what.clone(), urls.clone(), next.clone());
        spawn(async move {
            loop {
                let i = next.fetch_add(1, Relaxed);
                if i >= count {
                    return;
                }
                fetch(&what, &urls[i % urls.len()]).await;
            }
        })
    };
    for fetcher in (0..CONCURRENCY).map(start_fetcher).collect::<Vec<_>>() {
        fetcher.await.expect("no panic");
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

async fn run_measure(place: &Place, measure: &Measure) {
    let Measure { protocol, body_bytes, .. } = *measure;
    let urls = urls(place, protocol, measure.hosts, body_bytes);
    let requests = ((measure.requests as f64 * scale()) as usize).max(1);
    let folder = measure.name.ends_with("_disk").then(|| place.folder.clone());
    let fetch_in_new_client = async |count| {
        let client = make_client(place, protocol);
        let what = Fetch { client, protocol, body_bytes, folder: folder.clone() };
        fetch_all(&what, &urls, count).await;
    };
    fetch_in_new_client(requests.div_ceil(10)).await;
    let mut fetched = 0;
    let (start, cpu_start) = (Instant::now(), cpu_seconds());
    while start.elapsed().as_secs_f64() < MEASURED_S_MIN * scale() {
        fetch_in_new_client(requests).await;
        fetched += requests;
    }
    let (seconds, cpu) = (start.elapsed().as_secs_f64(), cpu_seconds() - cpu_start);
    let units = (fetched * (body_bytes / MIB).max(1)) as f64;
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
async fn idle_memory(place: &Place, name: &str, protocol: Protocol) {
    const FIRST: usize = 100;
    const MEASURED: usize = 1000;
    let all = urls(place, protocol, FIRST + MEASURED, 100);
    let client = make_client(place, protocol);
    let what = Fetch { client, protocol, body_bytes: 100, folder: None };
    fetch_all(&what, &all[..FIRST].into(), FIRST).await;
    let before = resident_bytes();
    fetch_all(&what, &all[FIRST..].into(), MEASURED).await;
    println!("{name} {:.0} bytes", (resident_bytes() - before) / MEASURED as f64);
}

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [port, folder, wanted @ ..] = &arguments[..] else {
        panic!("usage: reqwest_client PORT FOLDER [MEASURE ...]");
    };
    let place = Place { port: port.parse().expect("a port"), folder: folder.as_str().into() };
    let is_wanted = |name: &str| wanted.is_empty() || wanted.iter().any(|word| word == name);
    let runtime = Builder::new_current_thread().enable_all().build().expect("a runtime");
    for measure in MEASURES.iter().filter(|measure| is_wanted(measure.name)) {
        runtime.block_on(run_measure(&place, measure));
    }
    for (name, protocol) in [("idle_memory", Plain), ("tls_idle_memory", Tls)] {
        if is_wanted(name) {
            runtime.block_on(idle_memory(&place, name, protocol));
        }
    }
}
