//! The template and the dashboards agree with the code.

mod dashboards;
mod template;
