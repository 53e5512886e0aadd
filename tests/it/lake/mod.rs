mod aws;
mod exactly_once;
mod fixtures;
mod removal;
mod simulated;
mod steps;
mod storage;
