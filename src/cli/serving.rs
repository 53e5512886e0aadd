//! What all commands that serve share: opening a port, logging, and shutting down.

use std::{io, net::Ipv4Addr};

use anyhow::{Context, bail};
use tokio::net::TcpListener;
use tracing::Level;
use tracing_subscriber::{filter::Targets, prelude::*};

/// Opens a port on this machine. An error names `option`, by which the user can choose another port.
pub(super) async fn listen(port: u16, option: &str) -> anyhow::Result<TcpListener> {
    match TcpListener::bind((Ipv4Addr::LOCALHOST, port)).await {
        Ok(listener) => Ok(listener),
        Err(error) if error.kind() == io::ErrorKind::AddrInUse => {
            bail!("port {port} is in use: end the program that uses it, or choose another port with {option}")
        }
        Err(error) => Err(error).with_context(|| format!("port {port} cannot be opened")),
    }
}

/// Waits for Ctrl-C or SIGTERM.
pub(super) async fn shutdown() {
    #[cfg(unix)]
    {
        use tokio::signal::unix::{SignalKind, signal};
        match signal(SignalKind::terminate()) {
            Ok(mut terminated) => {
                tokio::select! {
                    _ = tokio::signal::ctrl_c() => {}
                    _ = terminated.recv() => {}
                }
                return;
            }
            Err(error) => tracing::warn!(%error, "SIGTERM will not end this command gracefully"),
        }
    }
    // If the handler cannot be installed, Ctrl-C ends the process at once, by the signal's default.
    if tokio::signal::ctrl_c().await.is_err() {
        std::future::pending::<()>().await;
    }
}

/// Sends the log to standard error, because standard output is for results.
pub(super) fn log_to_stderr() {
    let filter = Targets::new()
        .with_target(env!("CARGO_CRATE_NAME"), Level::INFO)
        // The database warns of every write that its condition refuses. Every duplicate event is such a write.
        .with_target("dynoxide", Level::ERROR)
        .with_default(Level::WARN);
    let lines = tracing_subscriber::fmt::layer().with_writer(io::stderr).with_target(false).without_time();
    // If a line cannot be written, the subscriber would report that with `eprintln!`, which panics then.
    let lines = lines.log_internal_errors(false);
    tracing_subscriber::registry().with(lines.with_filter(filter)).init();
}
