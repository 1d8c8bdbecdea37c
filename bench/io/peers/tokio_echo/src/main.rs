// SPDX-License-Identifier: Apache-2.0
//! The echo server of the I/O benchmarks on tokio; see bench/README.md for the contract.
//!
//! usage: tokio_echo PORT

use std::io;
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::runtime::Builder;
use tokio::task::spawn;
use tokio::time::sleep;

async fn echo(mut stream: TcpStream) -> io::Result<()> {
    // Not vec![0; …], which would have all of it resident.
    let mut data = Vec::with_capacity(64 * 1024);
    loop {
        data.clear();
        if stream.read_buf(&mut data).await? == 0 {
            return Ok(());
        }
        if data[0] == b'S' {
            sleep(Duration::from_millis(10)).await;
        }
        stream.write_all(&data).await?;
    }
}

async fn serve(port: u16) -> io::Result<()> {
    let listener = TcpListener::bind(("127.0.0.1", port)).await?;
    loop {
        let (stream, _) = listener.accept().await?;
        stream.set_nodelay(true)?;
        spawn(echo(stream));
    }
}

fn main() -> io::Result<()> {
    let port = std::env::args().nth(1).and_then(|text| text.parse().ok()).expect("a port");
    // The accepting loop is a task as well: block_on's own future is special.
    let runtime = Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(async { spawn(serve(port)).await.expect("no panic") })
}
