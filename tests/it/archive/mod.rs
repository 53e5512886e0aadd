mod bad_input;
mod messages;
mod properties;
mod report;
mod samples;
mod variants;
