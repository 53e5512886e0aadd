//! The template, the dashboards, the scripts and the lists of files agree with the code.

mod dashboards;
mod deploy;
mod events;
mod glue;
mod lake;
mod state_machine;
mod template;
