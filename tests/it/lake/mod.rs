mod aws;
mod exactly_once;
mod fixtures;
mod late;
mod removal;
mod simulated;
mod steps;
mod storage;
