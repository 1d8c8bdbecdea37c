// SPDX-License-Identifier: Apache-2.0
//! The reads of the benchmarks of files on tokio; see bench/README.md for the contract.
//!
//! tokio::fs::File has no reads at an offset: seek() and read() would be two calls of the pool
//! that this calls once, as tokio::fs does.
//!
//! usage: tokio_files [MEASURE ...], with the file's path in WEFT_BENCH_FILE

use std::fs::File;
use std::os::fd::AsRawFd;
use std::os::unix::fs::FileExt;
use std::sync::{Arc, Mutex};
use std::time::Instant;

use tokio::runtime::Builder;
use tokio::task::{spawn, spawn_blocking};

const BLOCK_BYTES: usize = 4096;
const DEPTH: usize = 64;

fn scale() -> f64 {
    std::env::var("WEFT_BENCH_SCALE").map_or(1.0, |text| text.parse().expect("a number"))
}

/// All of the file's 65,536 blocks before any comes again, the same sequence in every program.
struct Work {
    state: u16,
    left: usize,
}

impl Work {
    fn next(&mut self) -> Option<u64> {
        if self.left == 0 {
            return None;
        }
        self.left -= 1;
        self.state = self.state.wrapping_mul(25173).wrapping_add(13849);
        Some(u64::from(self.state))
    }
}

async fn read_blocks(file: Arc<File>, work: Arc<Mutex<Work>>) {
    let mut buffer = vec![0; BLOCK_BYTES];
    loop {
        let Some(block) = work.lock().unwrap().next() else { return };
        let file = file.clone();
        let read = spawn_blocking(move || {
            let count = file.read_at(&mut buffer, block * BLOCK_BYTES as u64);
            (buffer, count)
        });
        let (bytes, count) = read.await.expect("no panic");
        buffer = bytes;
        assert_eq!(count.expect("a read"), BLOCK_BYTES);
        assert_eq!(buffer[..8], block.to_le_bytes());
    }
}

async fn read_many(file: &Arc<File>, work: &Arc<Mutex<Work>>, n: usize) {
    work.lock().unwrap().left = n;
    let readers = (0..DEPTH).map(|_| spawn(read_blocks(file.clone(), work.clone())));
    for reader in readers.collect::<Vec<_>>() {
        reader.await.expect("no panic");
    }
}

#[repr(C)]
struct Timespec {
    seconds: i64,
    nanoseconds: i64,
}

extern "C" {
    fn clock_gettime(clock: i32, time: *mut Timespec) -> i32;
    fn posix_fadvise(fd: i32, offset: i64, length: i64, advice: i32) -> i32;
}
const CLOCK_PROCESS_CPUTIME_ID: i32 = 2;
const POSIX_FADV_RANDOM: i32 = 1;
const POSIX_FADV_DONTNEED: i32 = 4;

fn cpu_seconds() -> f64 {
    let mut time = Timespec { seconds: 0, nanoseconds: 0 };
    // SAFETY: writes the time.
    assert_eq!(unsafe { clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &mut time) }, 0);
    time.seconds as f64 + time.nanoseconds as f64 / 1e9
}

fn advise(file: &File, advice: i32) {
    // SAFETY: the descriptor is open.
    assert_eq!(unsafe { posix_fadvise(file.as_raw_fd(), 0, 0, advice) }, 0);
}

struct Timed {
    reads: usize,
    seconds: f64,
    cpu: f64,
}

async fn timed(file: &Arc<File>, work: &Arc<Mutex<Work>>, n: usize) -> Timed {
    let cpu = cpu_seconds();
    let start = Instant::now();
    read_many(file, work, n).await;
    Timed { reads: n, seconds: start.elapsed().as_secs_f64(), cpu: cpu_seconds() - cpu }
}

fn print(name: &str, timed: Timed) {
    println!("{name} {:.2} reads/s", timed.reads as f64 / timed.seconds);
    println!("{name}_cpu {:.2} ns", timed.cpu * 1e9 / timed.reads as f64);
}

async fn read(file: Arc<File>, work: Arc<Mutex<Work>>) {
    let mut last = timed(&file, &work, 2000).await;
    loop {
        let n = (last.reads as f64 * 0.2 * scale() / last.seconds) as usize;
        last = timed(&file, &work, n.max(last.reads)).await;
        if last.seconds >= 0.1 * scale() {
            return print("read", last);
        }
    }
}

async fn cold_read(file: Arc<File>, work: Arc<Mutex<Work>>) {
    timed(&file, &work, 2000).await;
    advise(&file, POSIX_FADV_DONTNEED);
    advise(&file, POSIX_FADV_RANDOM);
    print("cold_read", timed(&file, &work, (16384.0 * scale()) as usize).await);
}

fn main() {
    let path = std::env::var("WEFT_BENCH_FILE").expect("WEFT_BENCH_FILE");
    let file = Arc::new(File::open(path).expect("the file"));
    let work = Arc::new(Mutex::new(Work { state: 12345, left: 0 }));
    let wanted: Vec<String> = std::env::args().skip(1).collect();
    let is_wanted = |name: &str| wanted.is_empty() || wanted.iter().any(|w| w == name);
    let runtime = Builder::new_current_thread().build().expect("a runtime");
    if is_wanted("read") {
        runtime.block_on(async { spawn(read(file.clone(), work.clone())).await.expect("no panic") });
    }
    if is_wanted("cold_read") {
        runtime.block_on(async { spawn(cold_read(file, work)).await.expect("no panic") });
    }
}
