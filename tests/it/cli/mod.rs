//! The commands of `kaizala` as processes.

mod callback_urls;
mod dev;
mod doctor;
mod doctor_exports;
mod events;
mod export;
mod export_files;
mod export_table;
mod groups_list;
mod help;
mod output;
mod pull;
mod pull_unread;
mod quarantine;
mod quarantine_replay;
mod redact;
mod report;
mod report_filters;
mod report_page;
mod simulate;
mod time_zone;
mod tokens;
mod webhook;
mod webhook_sync;
mod wide;
mod wide_files;
