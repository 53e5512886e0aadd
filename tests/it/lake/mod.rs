mod aws;
mod exactly_once;
mod fixtures;
mod removal;
mod steps;
mod storage;
