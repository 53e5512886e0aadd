//! The commands of `kaizala` as processes.

mod dev;
mod events;
mod export;
mod export_files;
mod export_table;
mod help;
mod pull;
mod quarantine_replay;
mod redact;
mod report;
mod report_page;
mod simulate;
mod tokens;
mod webhook;
mod webhook_sync;
