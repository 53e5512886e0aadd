mod aws;
mod exactly_once;
mod steps;
mod storage;
