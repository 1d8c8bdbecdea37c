// SPDX-License-Identifier: Apache-2.0
//! serde_json, with derived types; see bench/README.md for the contract.

use std::hint::black_box;
use std::time::Instant;

use serde::{de::DeserializeOwned, Deserialize, Serialize};

#[derive(Serialize, Deserialize)]
struct Line {
    sku: String,
    quantity: i32,
    price: f64,
}
#[derive(Serialize, Deserialize)]
struct Order {
    id: i64,
    customer: String,
    email: String,
    express: bool,
    total: f64,
    currency: String,
    note: Option<String>,
    items: Vec<Line>,
    tags: Vec<String>,
}
#[derive(Serialize, Deserialize)]
struct Post {
    id: i64,
    author: String,
    title: String,
    body: String,
    likes: i32,
    replies: Vec<i64>,
}
#[derive(Serialize, Deserialize)]
struct Point {
    lat: f64,
    lon: f64,
    ele: f64,
    time: i64,
}
#[derive(Serialize, Deserialize)]
struct Track {
    name: String,
    points: Vec<Point>,
}
#[derive(Serialize, Deserialize)]
struct Embedding {
    model: String,
    index: i32,
    vector: Vec<f64>,
}

fn measure(name: &str, mut run: impl FnMut()) {
    let scale: f64 = std::env::var("WEFT_BENCH_SCALE").ok().and_then(|s| s.parse().ok()).unwrap_or(1.0);
    let wanted = 100e6 * scale;
    let mut n: u64 = 16;
    let mut is_warm = false;
    loop {
        let start = Instant::now();
        for _ in 0..n {
            run();
        }
        let elapsed = start.elapsed().as_nanos() as f64;
        if is_warm && elapsed >= wanted / 2.0 {
            println!("{name} {:.2} ns", elapsed / n as f64);
            return;
        }
        n = (n as f64 * wanted / elapsed) as u64 + 1;
        is_warm = true;
    }
}

fn measure_document<T: Serialize + DeserializeOwned>(wanted: &[String], name: &str, text: &[u8]) {
    let is_wanted = |measure: &String| wanted.is_empty() || wanted.contains(measure);
    let value: T = serde_json::from_slice(text).unwrap();
    let read = format!("read_{name}");
    if is_wanted(&read) {
        measure(&read, || {
            black_box(serde_json::from_slice::<T>(black_box(text)).unwrap());
        });
    }
    let write = format!("write_{name}");
    if is_wanted(&write) {
        measure(&write, || {
            black_box(serde_json::to_vec(black_box(&value)).unwrap());
        });
    }
}

fn main() {
    let wanted: Vec<String> = std::env::args().skip(1).collect();
    measure_document::<Order>(&wanted, "order", include_bytes!("../../../documents/order.json"));
    measure_document::<Vec<Order>>(&wanted, "orders", include_bytes!("../../../documents/orders.json"));
    measure_document::<Vec<Post>>(&wanted, "posts", include_bytes!("../../../documents/posts.json"));
    measure_document::<Track>(&wanted, "track", include_bytes!("../../../documents/track.json"));
    measure_document::<Embedding>(&wanted, "embedding", include_bytes!("../../../documents/embedding.json"));
}
