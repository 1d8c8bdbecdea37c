// SPDX-License-Identifier: Apache-2.0
//! The echo server of the I/O benchmarks on tokio and rustls; see bench/README.md for the contract.
//!
//! usage: tokio_tls CERTIFICATE KEY PORT

use std::error::Error;
use std::io;
use std::sync::Arc;

use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::ServerConfig;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::runtime::Builder;
use tokio::task::spawn;
use tokio_rustls::TlsAcceptor;

async fn echo(acceptor: TlsAcceptor, stream: TcpStream) -> io::Result<()> {
    let mut stream = acceptor.accept(stream).await?;
    // Not vec![0; …], which would have all of it resident.
    let mut data = Vec::with_capacity(64 * 1024);
    loop {
        data.clear();
        if stream.read_buf(&mut data).await? == 0 {
            return Ok(());
        }
        stream.write_all(&data).await?;
        // Else a text that the system does not take at once would stay in the stream.
        stream.flush().await?;
    }
}

async fn serve(config: ServerConfig, port: u16) -> io::Result<()> {
    let acceptor = TlsAcceptor::from(Arc::new(config));
    let listener = TcpListener::bind(("127.0.0.1", port)).await?;
    loop {
        let (stream, _) = listener.accept().await?;
        stream.set_nodelay(true)?;
        spawn(echo(acceptor.clone(), stream));
    }
}

fn configure(certificate: &str, key: &str) -> Result<ServerConfig, Box<dyn Error>> {
    let certificates = vec![CertificateDer::from_pem_file(certificate)?];
    let key = PrivateKeyDer::from_pem_file(key)?;
    Ok(ServerConfig::builder().with_no_client_auth().with_single_cert(certificates, key)?)
}

fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args().collect();
    let [_, certificate, key, port] = &arguments[..] else {
        return Err("usage: tokio_tls CERTIFICATE KEY PORT".into());
    };
    let config = configure(certificate, key)?;
    let port = port.parse()?;
    // The accepting loop is a task as well: block_on's own future is special.
    let runtime = Builder::new_current_thread().enable_all().build()?;
    Ok(runtime.block_on(async { spawn(serve(config, port)).await.expect("no panic") })?)
}
