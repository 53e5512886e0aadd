//! The pages in Markdown agree with each other and with what they speak of.

mod links;
mod screenshots;
