//! The template, the dashboards, the scripts and the lists of files agree with the code.

mod dashboards;
mod deploy;
mod event_bus;
mod events;
mod glue;
mod lake;
mod log_volume;
mod organisation;
mod state_machine;
mod template;
mod verify_aws;
