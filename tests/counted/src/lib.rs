//! Work whose instructions `cargo xtask test work` counts: what a parser does must grow with the length of its input, not with its
//! square. Instructions, since time tells more about the machine.
//!
//! A crate's parsers stand in a test named `algorithmic_complexity`, which is ignored where nobody counts.

/// Length of the small input in bytes.
const SMALL: usize = 8 * 1024;

/// Length of the large input in bytes.
const LARGE: usize = 8 * SMALL;

/// Prints the name of an input, and parses it in its small and in its large length; `input` makes one of about so many bytes.
pub fn growth<I, O>(name: &str, input: impl Fn(usize) -> I, parse: impl Fn(&I) -> O) {
    let (small, large) = (input(SMALL), input(LARGE));
    // What a parser makes once for all calls would count for the small input alone.
    parse(&small);
    println!("counted: {name}");
    written_work(&|| drop(parse(&small)));
    written_work(&|| drop(parse(&large)));
}

/// When it is left, callgrind writes down what it has counted: `--dump-after`. Two functions, as it takes one option for each.
#[inline(never)]
fn written_work(work: &dyn Fn()) {
    counted_work(work);
}

/// Callgrind counts what happens in here alone: `--toggle-collect`.
#[inline(never)]
fn counted_work(work: &dyn Fn()) {
    work();
}
