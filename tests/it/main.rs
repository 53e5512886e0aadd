//! The behaviour of the whole, through its public face: the real service over a real DynamoDB engine, the release binary
//! under the real Lambda runtime interface emulator, the command line as a process. One folder per room of `src/`, one
//! file per behaviour.

mod archive;
mod cli;
mod deployment;
mod documents;
mod event;
mod kaizala;
mod lake;
mod receiver;
mod simulator;
mod store;
mod support;
mod tables;
