//! The commands of `kaizala` as processes.

mod callback_urls;
mod dev;
mod events;
mod export;
mod export_files;
mod export_table;
mod help;
mod output;
mod pull;
mod pull_unread;
mod quarantine_replay;
mod redact;
mod report;
mod report_filters;
mod report_page;
mod simulate;
mod tokens;
mod webhook;
mod webhook_sync;
