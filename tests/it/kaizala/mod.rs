//! The client of the Kaizala API.

mod client;
