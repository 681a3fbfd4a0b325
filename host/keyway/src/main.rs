//! The server: command line, configuration, wiring.

fn main() {}
