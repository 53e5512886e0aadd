//! What the tests share: a table in a real engine, a proxy in front of it, the events of `events/`, and programs as processes.

pub mod archives;
pub mod browser;
pub mod cloud_events;
pub mod dev;
pub mod environment;
pub mod environments;
pub mod events;
pub mod gateway;
pub mod lambda;
pub mod operator;
pub mod page;
pub mod planted;
pub mod process;
pub mod proxy;
pub mod tables;
pub mod template;
pub mod wide;
pub mod world;

pub use self::{
    events::{Sample, sample, samples},
    operator::Operator,
    proxy::Fault,
    world::World,
};
